// SPDX-License-Identifier: Apache-2.0

// Package golden has the skill folders whose artifacts must have known digests.
// The digests were computed with an independent implementation of the format,
// so a change of ours, or of the Go release's compressor, shows in a test.
//
// The folders are written by the tests that need them: one holds two files
// whose names differ by case alone, which not every checkout can have. What is
// done with the folders is left to the tests.
package golden
