// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

const jsonType = "application/json"

// decode reads the request's body, one JSON object, into v. Fields that v does
// not have are ignored: clients of the API that this one replaces may send
// more. The answer to a bad body is 400, 413 or 415.
func decode(r *http.Request, v any) error {
	if r.ContentLength == 0 {
		return errNoBody()
	}
	if err := checkJSON(r.Header); err != nil {
		drain(r)
		return err
	}
	body, err := readBody(r)
	if err != nil {
		drain(r)
		return err
	}
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return errNoBody()
	case !utf8.Valid(body):
		// RFC 8259, section 8.1; encoding/json would quietly replace what is not.
		return skills.Errorf(skills.Invalid, "the request's body is not UTF-8 text")
	case bytes.Equal(bytes.TrimSpace(body), []byte("null")):
		return skills.Errorf(skills.Invalid, "the request's body must be a JSON object, not null")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return badJSON(err)
	}
	return nil
}

func errNoBody() error {
	return skills.Errorf(skills.Invalid, "the request has no body; send a JSON object")
}

// checkJSON refuses a body that is not JSON, or that is compressed. It is also
// part of the protection against web pages: a form cannot send this type.
func checkJSON(header http.Header) error {
	given := header.Get("Content-Type")
	mediaType, _, err := mime.ParseMediaType(given)
	if err != nil || mediaType != jsonType {
		return apierrors.UnsupportedMediaType("the request's Content-Type is %q; it must be %s", given, jsonType)
	}
	if coding := header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return apierrors.UnsupportedMediaType("the request's Content-Encoding %q is not supported; send the JSON as it is", coding)
	}
	return nil
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, skills.Wrap(skills.Invalid, err, "the request's body could not be read to its end")
	case len(body) > maxBody:
		return nil, errTooLarge()
	}
	return body, nil
}

// maxDrain bounds what is read of a body that was refused, in bytes.
const maxDrain = 16 << 20

// drain reads what is left of a refused body: a client that is still sending
// would see its connection reset instead of the answer. One that waits to be
// told to go on (RFC 9110, section 10.1.1) is not.
func drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		// The client's trouble with sending is no concern of the answer.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	}
}

func errTooLarge() error {
	return apierrors.TooLarge("the request's body is over %d bytes", maxBody)
}

// badJSON says where in the body the mistake is.
func badJSON(err error) error {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return skills.Wrap(skills.Invalid, err, "the request's body is not valid JSON: %s (at byte %d)", syntax.Error(), syntax.Offset)
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return skills.Wrap(skills.Invalid, err, "the request's body must be a JSON object, not %s", wrongType.Value)
	case errors.As(err, &wrongType):
		return skills.Wrap(skills.Invalid, err, "field %q of the request's body has a value of the wrong type: %s where %s belongs (at byte %d)",
			wrongType.Field, wrongType.Value, jsonTypeOf(wrongType.Type.Kind()), wrongType.Offset)
	default:
		return skills.Wrap(skills.Invalid, err, "the request's body is not valid JSON")
	}
}

// pathValue returns a path parameter, percent-decoded once.
func pathValue(r *http.Request, name string) (string, error) {
	value, err := url.PathUnescape(chi.URLParam(r, name))
	if err != nil {
		return "", skills.Wrap(skills.Invalid, err, "the path %q is not percent-encoded correctly", r.URL.EscapedPath())
	}
	return value, nil
}

// query returns the query's parameters; unknown ones are of no interest.
func query(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, skills.Wrap(skills.Invalid, err, "the query %q is not percent-encoded correctly", r.URL.RawQuery)
	}
	return values, nil
}
