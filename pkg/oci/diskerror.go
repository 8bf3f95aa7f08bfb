// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/skilld/skilld/pkg/skills"
)

// What callers are told of a disk that does not do its work. The operator, and
// often the caller, can mend it, and until then every try would fail alike.
const (
	diskFull   = "the disk of the store is full; free some space and try again"
	diskLocked = "the store may not be changed: its folder is read-only or belongs to somebody else; give skilld access to it and try again"
	diskBroken = "the disk of the store fails to read or write; check the disk and try again"
)

// diskError turns what the disk refused into an Unavailable error: no space
// left or a quota used up, no permission, an input/output error. The file, and
// the system's own words, stay in the cause, for the log. Any other error, nil
// among them, is returned as it is.
func diskError(err error) error {
	var known *skills.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return skills.Wrap(skills.Unavailable, err, diskFull)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return skills.Wrap(skills.Unavailable, err, diskLocked)
	case errors.Is(err, syscall.EIO):
		return skills.Wrap(skills.Unavailable, err, diskBroken)
	}
	return err
}
