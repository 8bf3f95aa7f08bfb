// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"example.com/walk/skilld"
)

// walk is the main job, a method a step.
type walk struct {
	client *skilld.ClientWithResponses
	// folder is that of the skill, reference where it is pushed to.
	folder, reference string
	// digest is that of the build.
	digest string
}

func (w *walk) validate(ctx context.Context) error {
	answer, err := w.client.ValidateSkillWithResponse(ctx, skilld.ValidateRequest{Path: w.folder})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return refusal(answer.HTTPResponse, answer.Body)
	}
	fmt.Println("validated:", answer.JSON200.Valid)
	return expect(answer.JSON200.Valid && len(answer.JSON200.Errors) == 0, "a valid skill, got %v", answer.JSON200.Errors)
}

func (w *walk) build(ctx context.Context) error {
	built, err := w.client.BuildSkillWithResponse(ctx, skilld.BuildRequest{Path: w.folder, Tag: &w.reference})
	if err != nil {
		return err
	}
	if built.JSON200 == nil {
		return refusal(built.HTTPResponse, built.Body)
	}
	w.digest = built.JSON200.Digest
	list, err := w.client.ListBuildsWithResponse(ctx, nil)
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return refusal(list.HTTPResponse, list.Body)
	}
	for _, build := range list.JSON200.Builds {
		fmt.Println("built:", build.Tag, build.Name, build.Version)
	}
	builds := list.JSON200.Builds
	return expect(len(builds) == 1 && builds[0].Digest == w.digest, "one build of %s, got %v", w.digest, builds)
}

func (w *walk) preview(ctx context.Context) error {
	answer, err := w.client.GetSkillContentWithResponse(ctx, &skilld.GetSkillContentParams{Ref: w.reference})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return refusal(answer.HTTPResponse, answer.Body)
	}
	for _, file := range answer.JSON200.Files {
		fmt.Println("file:", file.Path, file.Size)
	}
	if err := expect(answer.JSON200.Name == "hello-skill", "hello-skill, got %q", answer.JSON200.Name); err != nil {
		return err
	}
	// What the client has already is not sent again.
	again, err := w.client.GetSkillContentWithResponse(ctx, &skilld.GetSkillContentParams{
		Ref: w.reference, IfNoneMatch: new(answer.HTTPResponse.Header.Get("ETag")),
	})
	if err != nil {
		return err
	}
	return errIfNot(http.StatusNotModified, again.HTTPResponse, again.Body)
}

func (w *walk) push(ctx context.Context) error {
	answer, err := w.client.PushSkillWithResponse(ctx, skilld.PushRequest{Reference: w.reference})
	if err != nil {
		return err
	}
	if err := errIfNot(http.StatusNoContent, answer.HTTPResponse, answer.Body); err != nil {
		return err
	}
	fmt.Println("pushed:", w.reference)
	return nil
}

// pull deletes the build, so that the preview has to come from the registry.
func (w *walk) pull(ctx context.Context) error {
	deleted, err := w.client.DeleteBuildWithResponse(ctx, w.reference)
	if err != nil {
		return err
	}
	if err := errIfNot(http.StatusNoContent, deleted.HTTPResponse, deleted.Body); err != nil {
		return err
	}
	answer, err := w.client.GetSkillContentWithResponse(ctx, &skilld.GetSkillContentParams{Ref: w.reference})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return refusal(answer.HTTPResponse, answer.Body)
	}
	fmt.Println("pulled:", answer.JSON200.Name)
	return nil
}

func (w *walk) group(ctx context.Context) error {
	created, err := w.client.CreateGroupWithResponse(ctx, skilld.CreateGroupRequest{Name: "my team"})
	if err != nil {
		return err
	}
	if created.JSON201 == nil {
		return refusal(created.HTTPResponse, created.Body)
	}
	list, err := w.client.ListGroupsWithResponse(ctx)
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return refusal(list.HTTPResponse, list.Body)
	}
	fmt.Println("groups:", len(list.JSON200.Groups))
	return expect(len(list.JSON200.Groups) == 2, "the groups default and my team, got %v", list.JSON200.Groups)
}

func (w *walk) install(ctx context.Context) error {
	installed, err := w.client.InstallSkillWithResponse(ctx, skilld.InstallRequest{
		Name: w.reference, Clients: &[]string{"claude-code"}, Scope: new(skilld.ScopeUser), Group: new("my team"),
	})
	if err != nil {
		return err
	}
	if installed.JSON201 == nil {
		return refusal(installed.HTTPResponse, installed.Body)
	}
	list, err := w.client.ListSkillsWithResponse(ctx, &skilld.ListSkillsParams{Group: new("my team")})
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return refusal(list.HTTPResponse, list.Body)
	}
	for _, skill := range list.JSON200.Skills {
		fmt.Println("installed:", skill.Metadata.Name, skill.Status, skill.InstalledAt.Year())
	}
	one, err := w.client.GetSkillWithResponse(ctx, "hello-skill", nil)
	if err != nil {
		return err
	}
	if one.JSON200 == nil {
		return refusal(one.HTTPResponse, one.Body)
	}
	skill := one.JSON200.InstalledSkill
	return expect(skill.Digest != nil && skill.Status == skilld.InstallationStatusInstalled && *skill.Digest == w.digest && len(list.JSON200.Skills) == 1,
		"one installation of %s, got %v", w.digest, skill)
}

func (w *walk) uninstall(ctx context.Context) error {
	removed, err := w.client.UninstallSkillWithResponse(ctx, "hello-skill", nil)
	if err != nil {
		return err
	}
	if err := errIfNot(http.StatusNoContent, removed.HTTPResponse, removed.Body); err != nil {
		return err
	}
	deleted, err := w.client.DeleteGroupWithResponse(ctx, "my team")
	if err != nil {
		return err
	}
	if err := errIfNot(http.StatusNoContent, deleted.HTTPResponse, deleted.Body); err != nil {
		return err
	}
	fmt.Println("uninstalled: hello-skill")
	return nil
}

// look asks for what there is besides skills: clients and the catalogue.
func (w *walk) look(ctx context.Context) error {
	clients, err := w.client.DiscoverClientsWithResponse(ctx)
	if err != nil {
		return err
	}
	if clients.JSON200 == nil {
		return refusal(clients.HTTPResponse, clients.Body)
	}
	fmt.Println("clients:", len(clients.JSON200.Clients) > 0)
	registries, err := w.client.ListRegistriesWithResponse(ctx)
	if err != nil {
		return err
	}
	if registries.JSON200 == nil {
		return refusal(registries.HTTPResponse, registries.Body)
	}
	page, err := w.client.BrowseCatalogSkillsWithResponse(ctx, registries.JSON200.Registries[0].Name, &skilld.BrowseCatalogSkillsParams{Q: new("pdf")})
	if err != nil {
		return err
	}
	if page.JSON200 == nil {
		return refusal(page.HTTPResponse, page.Body)
	}
	fmt.Println("published:", page.JSON200.Metadata.Total)
	return nil
}

// fail asks for what is not there, and gets an error with its parts.
func (w *walk) fail(ctx context.Context) error {
	answer, err := w.client.GetSkillWithResponse(ctx, "hello-skill", nil)
	if err != nil {
		return err
	}
	if err := expect(answer.ApplicationProblemJSON404 != nil, "problem details of the 404"); err != nil {
		return err
	}
	failure, ok := errors.AsType[*problemError](refusal(answer.HTTPResponse, answer.Body))
	if err := expect(ok && failure.requestID != "", "a problem with the request's id"); err != nil {
		return err
	}
	fmt.Println("refused:", failure.Status, failure.Title+":", failure.Detail)
	return expect(failure.Detail == answer.ApplicationProblemJSON404.Detail, "the same detail twice")
}
