// SPDX-License-Identifier: Apache-2.0

package api

// ServeWithGrace is Serve with another time for running requests to finish.
var ServeWithGrace = serve
