// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/telemetry"
)

func TestNewLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "warn", "json")
	require.NoError(t, err)
	log.Info("not this")
	log.Warn("this", "n", 1)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), "one line of JSON")
	assert.Equal(t, "this", line["msg"])

	out.Reset()
	log, err = telemetry.NewLogger(&out, "info", "text")
	require.NoError(t, err)
	log.Info("this", "n", 1)
	assert.Contains(t, out.String(), "msg=this n=1")
}

func TestNewLoggerRefuses(t *testing.T) {
	t.Parallel()
	_, err := telemetry.NewLogger(nil, "loud", "json")
	require.ErrorContains(t, err, `"loud"`)
	_, err = telemetry.NewLogger(nil, "info", "xml")
	require.ErrorContains(t, err, `"xml"`)
}
