// SPDX-License-Identifier: Apache-2.0

// Package gittest is a real git server for tests: git's own http-backend
// behind net/http on a loopback address, with builders for repositories and
// with failures that can be switched on. It counts requests and bytes.
//
// It needs the git program on the PATH. What the answers mean is left to the
// tests that ask.
package gittest
