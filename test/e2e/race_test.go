// SPDX-License-Identifier: Apache-2.0

//go:build race

package e2e

// raceFlags build the daemon with the race detector when the tests run with it.
var raceFlags = []string{"-race"}
