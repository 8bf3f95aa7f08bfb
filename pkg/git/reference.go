// SPDX-License-Identifier: Apache-2.0

package git

import (
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	scheme = "git://"
	// form is what messages show as the right way to write a reference.
	form = "git://host/owner/repo@ref#folder"
	// maxReference bounds a reference as a whole, in bytes.
	maxReference = 2048
)

var (
	hostLabel   = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	pathSegment = regexp.MustCompile(`^[A-Za-z0-9._~][A-Za-z0-9._~+-]*$`)
	fullHash    = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

// Reference names a folder in a git repository. [ParseReference] makes one;
// two of them are equal exactly when their canonical forms are.
type Reference struct {
	// Host is the host in lower case, with a port where one was given.
	Host string
	// Owner is the path to the repository; on some servers it has several segments.
	Owner string
	// Repo is the repository's name without ".git".
	Repo string
	// Ref is a branch, a tag or a full commit hash; empty for the default branch.
	Ref string
	// Folder is the cleaned path of the skill's folder with '/' separators;
	// empty for the repository's root.
	Folder string
}

// IsReference reports whether s is written as a git reference: whether it
// begins with git://, https:// or http://. It may still be malformed.
func IsReference(s string) bool {
	_, _, ok := cutScheme(s)
	return ok
}

// ParseReference parses git://host/owner/repo[@ref][#folder]. The same with
// https:// or http:// in front means the same; a ".git" after the repository is
// dropped. It returns an Invalid error that says which rule s breaks.
func ParseReference(s string) (Reference, error) {
	ref, err := parse(s)
	if err != nil {
		return Reference{}, skills.Errorf(skills.Invalid, "git reference %s: %w", quote(s), err)
	}
	return ref, nil
}

func parse(s string) (Reference, error) {
	protocol, rest, ok := cutScheme(s)
	switch {
	case len(s) > maxReference:
		return Reference{}, invalid("it has %d bytes; at most %d are allowed", len(s), maxReference)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return Reference{}, invalid("it holds a NUL byte, another control character or bytes that are not UTF-8")
	case !ok:
		return Reference{}, invalid("it must look like %s", form)
	}
	rest, folder, hasFolder := strings.Cut(rest, "#")
	host, rest, _ := strings.Cut(rest, "/")
	repository, name, hasRef := strings.Cut(rest, "@")

	var ref Reference
	var err error
	if ref.Host, err = parseHost(protocol, host); err != nil {
		return Reference{}, err
	}
	if ref.Owner, ref.Repo, err = parseRepository(ref.Host, repository); err != nil {
		return Reference{}, err
	}
	if hasRef {
		if err := checkRef(name); err != nil {
			return Reference{}, err
		}
		ref.Ref = name
	}
	if hasFolder {
		if ref.Folder, err = parseFolder(folder); err != nil {
			return Reference{}, err
		}
	}
	return ref, nil
}

// cutScheme returns the scheme in lower case and what stands after it (RFC
// 3986, section 3.1: schemes are case-insensitive).
func cutScheme(s string) (protocol, rest string, ok bool) {
	for _, protocol := range []string{scheme, "https://", "http://"} {
		if len(s) >= len(protocol) && strings.EqualFold(s[:len(protocol)], protocol) {
			return protocol, s[len(protocol):], true
		}
	}
	return "", "", false
}

// parseHost returns the host in lower case, without a port that the scheme
// implies.
func parseHost(protocol, s string) (string, error) {
	if strings.Contains(s, "@") {
		return "", invalid("it must not hold credentials; tokens are read from the environment")
	}
	host, port := strings.ToLower(s), ""
	// The colons of an IPv6 address stand inside brackets.
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, port = host[:i], host[i+1:]
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return "", invalid("port %s is not a number from 1 to 65535", quote(port))
		}
		port = strconv.FormatUint(number, 10)
	}
	if host == "" {
		return "", invalid("the host is missing; it must look like %s", form)
	}
	if !isHost(host) {
		return "", invalid("%s is not a host name or an IP address", quote(host))
	}
	if port == "" || protocol == "https://" && port == "443" || protocol == "http://" && port == "80" {
		return host, nil
	}
	return host + ":" + port, nil
}

func isHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(inner, "]")
	}
	for label := range strings.SplitSeq(host, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return len(host) <= 253
}

// parseRepository splits the path of a repository into owner and name.
func parseRepository(host, s string) (owner, repo string, err error) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git")
	segments := strings.Split(s, "/")
	if len(segments) < 2 || s == "" {
		return "", "", invalid("the owner or the repository is missing; it must look like %s", form)
	}
	for i, segment := range segments {
		switch {
		case segment == "" && i == len(segments)-1:
			return "", "", invalid("the repository is missing; it must look like %s", form)
		case segment == "":
			return "", "", invalid("the owner is missing; it must look like %s", form)
		case strings.Contains(segment, ".."):
			return "", "", invalid("\"..\" is not allowed in %s", quote(segment))
		case segment == "-":
			return "", "", invalid("that is the address of a web page; write %s", form)
		case strings.HasSuffix(segment, ".git"):
			return "", "", invalid("%s must not end with \".git\" twice, nor an owner once", quote(segment))
		case segment == "." || !pathSegment.MatchString(segment):
			return "", "", invalid("%s may hold only letters, digits, '.', '_', '~', '+' and '-', and not begin with '+' or '-'", quote(segment))
		}
	}
	// These two have no nested groups, so more segments are a page such as
	// /owner/repo/tree/main/folder, in which ref and folder cannot be told apart.
	if len(segments) > 2 && (host == "github.com" || host == "bitbucket.org") {
		return "", "", invalid("that is not a repository but a page of %s; write git://%s/%s/%s@ref#folder", host, host, segments[0], segments[1])
	}
	last := len(segments) - 1
	return strings.Join(segments[:last], "/"), segments[last], nil
}

// checkRef applies git's own rules (git-check-ref-format(1)) and, beyond them,
// lets through only characters that mean nothing to a shell.
func checkRef(ref string) error {
	bad := strings.IndexFunc(ref, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._/+@=,-", r)
	})
	switch {
	case ref == "" || ref == "@":
		return invalid("the ref after '@' is missing; leave out the '@' for the default branch")
	case bad >= 0:
		r, _ := utf8.DecodeRuneInString(ref[bad:])
		return invalid("ref %s holds %q, which is not allowed", quote(ref), r)
	case strings.Contains(ref, ".."):
		return invalid("ref %s holds \"..\", which is not allowed", quote(ref))
	case strings.HasPrefix(ref, "-"):
		return invalid("ref %s begins with '-', which is not allowed", quote(ref))
	case strings.HasSuffix(ref, "."):
		return invalid("ref %s ends with '.', which git does not allow", quote(ref))
	}
	for segment := range strings.SplitSeq(ref, "/") {
		if segment == "" || strings.HasPrefix(segment, ".") || strings.HasSuffix(segment, ".lock") {
			return invalid("ref %s has a part that git does not allow: empty, beginning with '.' or ending with \".lock\"", quote(ref))
		}
	}
	return nil
}

// parseFolder returns the cleaned folder, "" for the root.
func parseFolder(folder string) (string, error) {
	switch {
	case strings.HasPrefix(folder, "/"):
		return "", invalid("folder %s is absolute; it must be relative to the repository's root", quote(folder))
	case strings.Contains(folder, `\`):
		return "", invalid("folder %s holds a backslash; folders are separated with '/'", quote(folder))
	}
	for segment := range strings.SplitSeq(folder, "/") {
		if segment == ".." {
			return "", invalid("folder %s holds \"..\", which is not allowed", quote(folder))
		}
	}
	if folder = path.Clean(folder); folder == "." {
		return "", nil
	}
	return folder, nil
}

// String returns the canonical form, which ParseReference parses to the same
// Reference.
func (r Reference) String() string {
	var b strings.Builder
	b.WriteString(r.Repository())
	if r.Ref != "" {
		b.WriteString("@" + r.Ref)
	}
	if r.Folder != "" {
		b.WriteString("#" + r.Folder)
	}
	return b.String()
}

// Repository returns the canonical form without ref and folder.
func (r Reference) Repository() string {
	return scheme + r.Host + "/" + r.Owner + "/" + r.Repo
}

// Commit returns the ref in lower case, and true, where it is written as a full
// commit hash.
func (r Reference) Commit() (string, bool) {
	if !fullHash.MatchString(r.Ref) {
		return "", false
	}
	return strings.ToLower(r.Ref), true
}

// hostname returns the host without port and brackets.
func (r Reference) hostname() string {
	host := r.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.Trim(host, "[]")
}
