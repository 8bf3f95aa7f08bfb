// SPDX-License-Identifier: Apache-2.0

// Package telemetry sets up how skilld tells what it does. What is told, and
// where, is up to the other packages; they get a ready logger.
package telemetry
