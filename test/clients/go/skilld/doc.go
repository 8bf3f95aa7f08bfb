// SPDX-License-Identifier: Apache-2.0

// Package skilld is the client that go generate makes.
package skilld
