// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ensureLayout checks oci-layout (image-spec, "oci-layout file"), and lays out
// a folder that is new. A crash in the midst of that leaves a folder that still
// counts as new.
func ensureLayout(d *disk) error {
	laidOut, err := hasLayout(d)
	if err != nil || laidOut {
		return err
	}
	if err := checkNew(d); err != nil {
		return err
	}
	return layOut(d)
}

// hasLayout reports whether there is an oci-layout, and returns an error where
// that is not of the version that we know.
func hasLayout(d *disk) (bool, error) {
	content, err := d.root.ReadFile(ocispec.ImageLayoutFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading %s: %w", ocispec.ImageLayoutFile, err)
	}
	var layout ocispec.ImageLayout
	if err := json.Unmarshal(content, &layout); err != nil {
		return false, fmt.Errorf("%s is garbled: %w", ocispec.ImageLayoutFile, err)
	}
	if layout.Version != ocispec.ImageLayoutVersion {
		return false, fmt.Errorf("%s names version %q of the OCI image layout; only %q is known",
			ocispec.ImageLayoutFile, layout.Version, ocispec.ImageLayoutVersion)
	}
	return true, nil
}

// checkNew refuses a folder that holds anything but the beginnings of a layout:
// it is somebody else's, or has lost its oci-layout.
func checkNew(d *disk) error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	names, err := f.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch name {
		case ocispec.ImageIndexFile, ocispec.ImageIndexFile + tempSuffix, ocispec.ImageLayoutFile + tempSuffix:
		default:
			return fmt.Errorf("the folder is not empty (it holds %q) and has no %s, so it is no OCI image layout",
				name, ocispec.ImageLayoutFile)
		}
	}
	// The index.json of an unfinished layout is empty; one with content
	// belonged to a store.
	content, err := d.root.ReadFile(ocispec.ImageIndexFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var empty bytes.Buffer
	if err := new(snapshot).writeTo(&empty); err != nil {
		return err
	}
	if len(content) > 0 && !bytes.Equal(content, empty.Bytes()) {
		return fmt.Errorf("the folder has an %s but no %s", ocispec.ImageIndexFile, ocispec.ImageLayoutFile)
	}
	return nil
}

// layOut writes the files of an empty layout. oci-layout comes last: a folder
// that has it is complete.
func layOut(d *disk) error {
	err := d.replace(ocispec.ImageIndexFile, new(snapshot).writeTo)
	if err != nil {
		return fmt.Errorf("writing %s: %w", ocispec.ImageIndexFile, err)
	}
	err = d.replace(ocispec.ImageLayoutFile, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	})
	if err != nil {
		return fmt.Errorf("writing %s: %w", ocispec.ImageLayoutFile, err)
	}
	return nil
}
