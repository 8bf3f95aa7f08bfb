// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// secrets knows every secret that the tests give to daemons, and what those
// daemons logged, which is searched for them when all tests are over.
var secrets secretRegister

type secretRegister struct {
	mu    sync.Mutex
	texts map[string]bool
	// logs are what to search, by the test that had it written.
	logs []secretLog
}

type secretLog struct {
	test string
	text fmt.Stringer
}

// shortestSecret keeps out what logs may hold by chance.
const shortestSecret = 8

// add registers secrets.
func (s *secretRegister) add(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == nil {
		s.texts = make(map[string]bool)
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		if len(text) < shortestSecret {
			panic(fmt.Sprintf("the secret %q is too short to be searched for", text))
		}
		s.texts[text] = true
	}
}

// addEnv registers what an environment holds in variables named …_TOKEN.
func (s *secretRegister) addEnv(env []string) {
	for _, entry := range env {
		if name, value, _ := strings.Cut(entry, "="); strings.HasSuffix(name, "_TOKEN") {
			s.add(value)
		}
	}
}

// addAuthorization registers the credentials of a header.
func (s *secretRegister) addAuthorization(header string) {
	_, credentials, _ := strings.Cut(header, " ")
	s.add(strings.TrimSpace(credentials))
}

// watch has a log searched in the end.
func (s *secretRegister) watch(test string, log fmt.Stringer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, secretLog{test, log})
}

// forms are what secrets look like that no test knows, such as the tokens that
// a registry gives out.
var forms = map[string]*regexp.Regexp{
	"an Authorization header": regexp.MustCompile(`(?i)\bauthorization\\?["']?\s*[:=]\s*[\\"'\[]*(bearer|basic|token)\s+[\w+/=.~-]`),
	"credentials of a header": regexp.MustCompile(`\b(Bearer|Basic|BEARER|BASIC) +[A-Za-z0-9+/=._~-]`),
	"a JSON Web Token":        regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`),
	"credentials in a URL":    regexp.MustCompile(`://[^/\s"'\\…@]+@`),
	"the query of a URL":      regexp.MustCompile(`://[^?\s"'\\]*\?[^\s"'\\…]`),
}

// findings says what a text holds that it must not.
func (s *secretRegister) findings(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for line := range strings.Lines(text) {
		for secret := range s.texts {
			if strings.Contains(line, secret) {
				found = append(found, fmt.Sprintf("the secret %q: %s", secret, line))
			}
		}
		for name, form := range forms {
			if form.MatchString(line) {
				found = append(found, name+": "+line)
			}
		}
	}
	slices.Sort(found)
	return found
}

// report writes what the logs of all daemons hold that they must not, and
// returns whether there is anything.
func (s *secretRegister) report(w io.Writer) (bad bool) {
	lines := 0
	for _, log := range s.logs {
		text := log.text.String()
		lines += strings.Count(text, "\n")
		for _, finding := range s.findings(text) {
			bad = true
			_, _ = fmt.Fprintf(w, "the log of %s holds %s\n", log.test, finding)
		}
	}
	_, _ = fmt.Fprintf(w, "searched %d lines of %d logs for %d secrets\n", lines, len(s.logs), len(s.texts))
	return bad
}

// TestSearchForSecretsFinds shows that the search of all logs can fail.
func TestSearchForSecretsFinds(t *testing.T) {
	t.Parallel()
	var register secretRegister
	register.add("correct-horse")
	register.addEnv([]string{"GIT_TOKEN=battery-staple", "HOME=/home/ada-lovelace"})
	register.addAuthorization("Bearer wrong-token")
	for text, bad := range map[string]bool{
		`{"msg":"request","status":200,"route":"/api/v1beta/skills"}`: false,
		`{"error":"this daemon needs a bearer token"}`:                false,
		`{"home":"/home/ada-lovelace"}`:                               false,
		`Get "https://cdn.example/blob?…": refused`:                   false,
		`git://github.com/o/r@v1#folder`:                              false,
		`{"error":"correct-horse"}`:                                   true,
		`x=battery-staple`:                                            true,
		`the token wrong-token is bad`:                                true,
		`map[Authorization:[Basic eA==]]`:                             true,
		`{"Authorization":"Bearer x"}`:                                true,
		`{"h":"{\"authorization\":\"token x\"}"}`:                     true,
		`Basic eA==`: true,
		`eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln`:  true,
		`https://ada:x@example.com/`:                    true,
		`https://token@example.com/`:                    true,
		`Get "https://cdn.example/blob?sig=1": refused`: true,
	} {
		assert.Equal(t, bad, len(register.findings(text)) > 0, "%s", text)
	}
	assert.Panics(t, func() { register.add("short") })

	var report strings.Builder
	assert.False(t, register.report(&report))
	register.watch("TestX", text("fine\nthe token correct-horse\n"))
	assert.True(t, register.report(&report))
	assert.Contains(t, report.String(), "the log of TestX holds the secret")
	assert.Contains(t, report.String(), "searched 2 lines of 1 logs")
}

// text is a log that is over.
type text string

func (t text) String() string { return string(t) }
