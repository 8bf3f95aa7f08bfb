// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

func isUpload(r *http.Request) bool { return r.Method == http.MethodPost }

func limit(l git.Limits) func(*git.Config) { return func(c *git.Config) { c.Limits = l } }

func TestFailuresOfTheServer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		suffix    string
		intercept gittest.Interceptor
		change    func(*git.Config)
		kind      skills.Kind
		message   string
		after     time.Duration
	}{
		{"no such ref", "@nope", nil, nil, skills.Upstream, `no branch or tag "nope"`, 0},
		{"an abbreviated commit", "@0123456", nil, nil, skills.Upstream, "all 40 digits", 0},
		{"401", "", gittest.RequireToken("x"), nil, skills.Unauthenticated, "GIT_TOKEN is not set", 0},
		{"403", "", gittest.Status(403, "", "no entry"), nil, skills.Unauthenticated, "403 Forbidden: no entry", 0},
		{"404", "", gittest.Status(404, "", "nothing here"), nil, skills.Upstream, "no such repository (404 Not Found: nothing here)", 0},
		{"429", "", gittest.Status(429, "17", "slow down"), nil, skills.RateLimited, "429 Too Many Requests: slow down", 17 * time.Second},
		{"500", "", gittest.Status(500, "", "oh\x1b[31m no\n"), nil, skills.Upstream, "answered 500 Internal Server Error: oh[31m no", 0},
		{"503", "", gittest.Status(503, "5", strings.Repeat("long ", 2000)), nil, skills.Upstream, "503 Service Unavailable", 0},
		{"401 at the pack", "", only(isUpload, gittest.Status(401, "", "no")), nil, skills.Unauthenticated, "(401 ", 0},
		{"429 at the pack", "", only(isUpload, gittest.Status(429, "3", "no")), nil, skills.RateLimited, "429", 3 * time.Second},
		{"not git", "", gittest.Status(200, "", "<html>"), nil, skills.Upstream, "did not answer as a git server", 0},
		{"not a pack", "", only(isUpload, gittest.Status(200, "", "<html>")), nil, skills.Upstream, "did not answer as a git server", 0},
		{"an error line", "", only(isUpload, gittest.Status(200, "", "0016ERR no, not today")), nil, skills.Upstream, "said: no, not today", 0},
		{"redirect loop", "", loop, nil, skills.Upstream, "redirect", 0},
		{"redirect at the pack", "", only(isUpload, gittest.Redirect("http://127.0.0.1:1")), nil, skills.Upstream, "redirect", 0},
		{"hang", "", gittest.Hang(nil), limit(git.Limits{Time: 50 * time.Millisecond}), skills.Timeout, "longer than is allowed", 0},
		{"hang at the pack", "", gittest.Hang(isUpload), limit(git.Limits{Time: time.Second}), skills.Timeout, "longer than is allowed", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := gittest.New(t)
			server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
			server.Intercept(tt.intercept)
			f, temp := newFetcher(t, tt.change)
			_, _, err := fetch(t, f, server.Reference("org/skill", tt.suffix))
			require.Error(t, err)
			assert.Equal(t, tt.kind, skills.KindOf(err), err)
			assert.ErrorContains(t, err, tt.message)
			assert.ErrorContains(t, err, server.Reference("org/skill", tt.suffix))
			assert.NotContains(t, err.Error(), temp)
			assert.Less(t, len(err.Error()), 800)
			var kinded *skills.Error
			require.ErrorAs(t, err, &kinded)
			assert.Equal(t, tt.after, kinded.RetryAfter)
			assertEmpty(t, temp)
		})
	}
}

// only applies the interceptor to the requests that the filter matches.
func only(filter func(*http.Request) bool, intercept gittest.Interceptor) gittest.Interceptor {
	return func(w http.ResponseWriter, r *http.Request) bool { return filter(r) && intercept(w, r) }
}

func loop(w http.ResponseWriter, r *http.Request) bool {
	http.Redirect(w, r, r.URL.String(), http.StatusFound)
	return true
}

func TestMissingAndEmptyRepository(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/empty")
	server.Create("org/headless").Commit("other", map[string]string{"SKILL.md": skillText})
	f, _ := newFetcher(t, nil)
	for repo, message := range map[string]string{
		"org/none": "no such repository", "org/empty": "repository is empty", "org/headless": "no default branch",
	} {
		_, _, err := fetch(t, f, server.Reference(repo, ""))
		require.Error(t, err, repo)
		assert.Equal(t, skills.Upstream, skills.KindOf(err), err)
		assert.ErrorContains(t, err, message)
	}
}

func TestUnreachableHost(t *testing.T) {
	t.Parallel()
	f, _ := newFetcher(t, func(c *git.Config) {
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, fmt.Errorf("no such host") }
	})
	for _, host := range []string{"127.0.0.1:1", "skills.example"} {
		_, err := f.Resolve(t.Context(), mustParse(t, "git://"+host+"/org/skill"))
		require.Error(t, err)
		assert.Equal(t, skills.Upstream, skills.KindOf(err), err)
		assert.ErrorContains(t, err, host+" cannot be reached")
	}
}

func TestTheCallersDeadlineAndCancellation(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
	f, _ := newFetcher(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		return true
	})
	_, err := f.Resolve(ctx, mustParse(t, server.Reference("org/skill", "")))
	assert.Equal(t, skills.Timeout, skills.KindOf(err), err)
	assert.ErrorContains(t, err, "cancelled")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	noise := make([]byte, 300<<10)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	server.Create("org/noise").Commit("main", map[string]string{"SKILL.md": skillText, "a": string(noise[:150<<10]), "b": string(noise[150<<10:])})
	server.Create("org/bomb").Commit("main", map[string]string{"SKILL.md": skillText, "sub/zero": strings.Repeat("\x00", 2<<20)})
	server.Create("org/sum").Commit("main", map[string]string{
		"SKILL.md": skillText, "a": strings.Repeat("a", 150<<10), "b": strings.Repeat("b", 150<<10),
	})
	many := map[string]string{"SKILL.md": skillText}
	for i := range 20 {
		many[fmt.Sprintf("files/%d", i)] = ""
	}
	server.Create("org/many").Commit("main", many)
	deep := map[string]string{"SKILL.md": skillText, strings.Repeat("d/", 12) + "f": ""}
	server.Create("org/deep").Commit("main", deep)
	server.Create("org/long").Commit("main", map[string]string{"SKILL.md": skillText, strings.Repeat("long/", 300) + "f": ""})

	limits := git.Limits{Bytes: 200 << 10, Files: 10}
	f, temp := newFetcher(t, limit(limits))
	for repo, message := range map[string]string{
		"org/noise": "sent over 204800 bytes",
		"org/bomb":  "a file of over 204800 bytes",
		"org/sum":   "its files have over 204800 bytes",
		"org/many":  "over 10 files",
		"org/deep":  "over 10 folders",
	} {
		_, _, err := fetch(t, f, server.Reference(repo, ""))
		require.Error(t, err, repo)
		assert.Equal(t, skills.Unprocessable, skills.KindOf(err), err)
		assert.ErrorContains(t, err, message)
	}
	assertEmpty(t, temp)

	unbounded, _ := newFetcher(t, nil)
	_, _, err := fetch(t, unbounded, server.Reference("org/long", ""))
	require.Error(t, err)
	assert.Equal(t, skills.Unprocessable, skills.KindOf(err), err)
	_, files, err := fetch(t, unbounded, server.Reference("org/many", ""))
	require.NoError(t, err)
	assert.Len(t, files, 21)
}

func TestTheTokenStaysWithItsHost(t *testing.T) {
	t.Parallel()
	const token = "s3cret-token"
	server := gittest.New(t)
	server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
	server.Intercept(gittest.RequireToken(token))
	withToken := func(c *git.Config) {
		c.Getenv = func(name string) string {
			return map[string]string{"GIT_TOKEN": token, "GITHUB_TOKEN": "wrong", "GITLAB_TOKEN": "wrong"}[name]
		}
	}
	f, _ := newFetcher(t, withToken)
	_, files, err := fetch(t, f, server.Reference("org/skill", ""))
	require.NoError(t, err)
	assert.Contains(t, files, "SKILL.md")

	// Another port is another host: the token must not follow.
	front := gittest.New(t)
	front.Intercept(gittest.Redirect(server.URL))
	_, _, err = fetch(t, f, front.Reference("org/skill", ""))
	require.Error(t, err)
	assert.Equal(t, skills.Unauthenticated, skills.KindOf(err), err)
	assert.NotContains(t, err.Error(), token)

	// A server that echoes the token does not get it into the message.
	server.Intercept(gittest.Status(403, "", "bad token "+token))
	_, _, err = fetch(t, f, server.Reference("org/skill", ""))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), token)
	assert.ErrorContains(t, err, "refused the credentials of GIT_TOKEN")
}

func TestARedirectIsFollowed(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
	front := gittest.New(t)
	front.Intercept(gittest.Redirect(server.URL))
	f, _ := newFetcher(t, nil)
	_, files, err := fetch(t, f, front.Reference("org/skill", ""))
	require.NoError(t, err)
	assert.Contains(t, files, "SKILL.md")
}

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
	_, port, _ := strings.Cut(server.Host(), ":")
	guarded := func(addr string) func(*git.Config) {
		return func(c *git.Config) {
			c.AllowPrivate = false
			c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr(addr)}, nil
			}
		}
	}
	for _, addr := range []string{"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::a00:1"} {
		t.Run(addr, func(t *testing.T) {
			t.Parallel()
			f, _ := newFetcher(t, guarded(addr))
			_, err := f.Resolve(t.Context(), mustParse(t, "git://skills.example:"+port+"/org/skill"))
			require.Error(t, err)
			assert.Equal(t, skills.Invalid, skills.KindOf(err), err)
			assert.ErrorContains(t, err, "skills.example")

			literal := netip.AddrPortFrom(netip.MustParseAddr(addr), 443).String()
			_, err = f.Resolve(t.Context(), mustParse(t, "git://"+literal+"/org/skill"))
			require.Error(t, err)
			assert.Equal(t, skills.Invalid, skills.KindOf(err), err)
			assert.ErrorContains(t, err, addr)
		})
	}
	f, _ := newFetcher(t, func(c *git.Config) { c.AllowPrivate = false })
	_, err := f.Resolve(t.Context(), mustParse(t, "git://localhost:"+port+"/org/skill"))
	assert.Equal(t, skills.Invalid, skills.KindOf(err), err)
	assert.Zero(t, server.Requests())

	// The name is as good as its address where private hosts are allowed.
	allowed, _ := newFetcher(t, func(c *git.Config) {
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	_, files, err := fetch(t, allowed, "git://skills.example:"+port+"/org/skill")
	require.NoError(t, err)
	assert.Contains(t, files, "SKILL.md")
}
