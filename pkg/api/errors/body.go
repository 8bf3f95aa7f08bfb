// SPDX-License-Identifier: Apache-2.0

package apierrors

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
)

// ProblemType is the media type of a [Problem] (RFC 9457, section 3).
const ProblemType = "application/problem+json"

// Problem is an error as problem details (RFC 9457, section 3.1).
//
//	@Description	An error as problem details (RFC 9457).
type Problem struct {
	// What sort of problem it is; always about:blank, which means that the status says it.
	Type string `json:"type" validate:"required" format:"uri-reference" example:"about:blank"`
	// The name of the status.
	Title string `json:"title" validate:"required" example:"Not Found"`
	// The HTTP status.
	Status int `json:"status" validate:"required" minimum:"400" maximum:"599" format:"int32" example:"404"`
	// What went wrong: the same sentence that the plain text answer is.
	Detail string `json:"detail" validate:"required" example:"skill \"pdf-tools\" is not installed"`
} // @name Problem

// NewProblem returns the details of an answer of the status, an HTTP status of
// 400 or more, whose plain text would be the detail.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// CodedMessage is an error in the form of registry APIs.
//
//	@Description	An error in the form of registry APIs.
type CodedMessage struct {
	// What sort of error it is, for programs.
	Code string `json:"code" validate:"required" example:"not_found"`
	// What went wrong, for people.
	Message string `json:"message" validate:"required" example:"the catalogue has no skill \"pdf-tools\" in the namespace \"org\""`
} // @name CodedMessage

// write writes an error's answer, with a code unless that is empty. It takes back what a handler may have said
// about the body that it did not get to write.
func write(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	contentType, body := textType, []byte(message)
	switch {
	case wantsProblem(r.Header):
		contentType = ProblemType
		body = encode(NewProblem(status, message))
	case code != "":
		contentType, body = jsonType, encode(CodedMessage{Code: code, Message: message})
	}
	header := w.Header()
	for _, name := range []string{"Content-Encoding", "ETag", "Last-Modified", "Location"} {
		header.Del(name)
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept")
	w.WriteHeader(status)
	// A failure to write means that nobody is listening any more.
	_, _ = w.Write(body)
}

// encode returns v, which has strings and numbers alone, as JSON.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers cannot fail to encode
	}
	return body
}

// wholeSeconds is d rounded up.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
