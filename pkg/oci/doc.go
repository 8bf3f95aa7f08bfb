// SPDX-License-Identifier: Apache-2.0

// Package oci makes, keeps and moves skill artifacts: it packs a skill's
// folder into an OCI artifact of one exact form, reads and unpacks artifacts
// that others made, holds artifacts in a [Store] on the local disk, and pushes
// and pulls them.
//
// The store is a folder in the OCI image layout (image-spec v1.1,
// "OCI Image Layout Specification"), so that other OCI tools can read it:
//
//	oci-layout            the version of the layout
//	index.json            one descriptor for each tag, sorted by tag
//	blobs/sha256/<hex>    the blobs, named by their digest
//	ingest/               blobs that are still being written
//
// Whoever reads or writes blobs does it through a [Lease], which keeps what it
// has touched from being collected as garbage until it is released. It is an
// oras.Target, so that oras-go can copy from and to it.
//
// The package leaves to others which tags there are to be, what a tag's
// annotations mean, which source answers a reference, what the files of a
// skill must hold (package skills), and where they are installed. One process
// at a time may use a store; holding that lock is the caller's business.
package oci
