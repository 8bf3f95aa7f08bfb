// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// encode answers with v as JSON. The whole body is made first, so that a
// failure can still become an error's answer.
func encode(w http.ResponseWriter, status int, v any) error {
	body, err := jsonLine(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A failure to write means that nobody is listening any more.
	_, _ = w.Write(body) // #nosec G705 -- JSON, which nosniff keeps from being read as HTML
	return nil
}

// jsonLine returns v as JSON, one line and its end.
func jsonLine(v any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	// Answers are never parsed as HTML (nosniff), so skill texts stay readable.
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return line.Bytes(), err
}

// some returns the list as one that JSON shows as [] when it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// jsonTypeOf names what JSON calls the Go types that requests have.
func jsonTypeOf(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	case reflect.Struct:
		return "an object"
	default:
		return "a " + kind.String()
	}
}

// entityTag returns the strong entity tag that stands for id (RFC 9110, section
// 8.8.3). An id with characters that a tag cannot have, or a comma, which lists
// of tags are split at, is replaced by its hash.
func entityTag(id string) string {
	unfit := func(c rune) bool { return c <= ' ' || c == '"' || c == ',' || c > '~' }
	if strings.ContainsFunc(id, unfit) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	return `"` + id + `"`
}

// notModified reports whether If-None-Match names the tag, by the weak
// comparison that it asks for (RFC 9110, section 13.1.2).
func notModified(header http.Header, tag string) bool {
	for known := range strings.SplitSeq(strings.Join(header.Values("If-None-Match"), ","), ",") {
		known = strings.TrimPrefix(strings.TrimSpace(known), "W/")
		if known == "*" || known == tag {
			return true
		}
	}
	return false
}
