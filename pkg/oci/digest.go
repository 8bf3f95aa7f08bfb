// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"
)

// key is a checked sha256 digest. Only a key is ever made into a file name, so
// that no path can come from a digest that nobody looked at; and it takes half
// the memory of the text.
type key [sha256.Size]byte

// parseDigest returns the key of d, or an error that is
// [errdef.ErrInvalidDigest] where d is malformed or not a sha256.
func parseDigest(d digest.Digest) (key, error) {
	encoded, isSHA256 := strings.CutPrefix(string(d), string(digest.SHA256)+":")
	if k, ok := parseHex(encoded); ok && isSHA256 {
		return k, nil
	}
	if d.Validate() == nil {
		return key{}, fmt.Errorf("digest %q is not a sha256, the only algorithm of this store: %w", d, errdef.ErrInvalidDigest)
	}
	return key{}, fmt.Errorf("digest %q is malformed: %w", d, errdef.ErrInvalidDigest)
}

// parseHex returns the key that 64 lowercase hexadecimal digits stand for.
func parseHex(text string) (k key, ok bool) {
	if len(text) != hex.EncodedLen(len(k)) {
		return key{}, false
	}
	for i := range k {
		high, low := digit(text[2*i]), digit(text[2*i+1])
		if high > 15 || low > 15 {
			return key{}, false
		}
		k[i] = high<<4 | low
	}
	return k, true
}

// digit returns the value of a hexadecimal digit, or 16 for anything else.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

func (k key) hex() string { return hex.EncodeToString(k[:]) }

func (k key) digest() digest.Digest { return digest.NewDigestFromEncoded(digest.SHA256, k.hex()) }
