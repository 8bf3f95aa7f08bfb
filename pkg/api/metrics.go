// SPDX-License-Identifier: Apache-2.0

package api

import "net/http"

const metricsPath = "/metrics"

// serveMetrics answers with what is measured.
//
//	@Summary		Get the metrics
//	@Description	Everything that is measured, in the text format of Prometheus. docs/telemetry.md lists the metrics.
//	@ID				getMetrics
//	@Tags			system
//	@Produce		plain
//	@Success		200	{string}	string	"The metrics"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Router			/metrics [get]
func serveMetrics(metrics http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// As text, whatever else Prometheus could read.
		plain := r.Clone(r.Context())
		plain.Header.Del("Accept")
		metrics.ServeHTTP(w, plain)
	}
}
