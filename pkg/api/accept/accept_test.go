// SPDX-License-Identifier: Apache-2.0

package accept_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/api/accept"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header []string
		want   float64
	}{
		"none":               {nil, 0},
		"named":              {[]string{"text/event-stream"}, 1},
		"in capitals":        {[]string{"Text/Event-Stream"}, 1},
		"among others":       {[]string{"application/json, text/event-stream;q=0.5"}, 0.5},
		"in a second header": {[]string{"application/json", "text/event-stream"}, 1},
		"the most counts":    {[]string{"text/event-stream;q=0.1, text/event-stream;q=0.3"}, 0.3},
		"a wildcard":         {[]string{"*/*, text/*"}, 0},
		"refused":            {[]string{"text/event-stream;q=0"}, 0},
		"not a number":       {[]string{"text/event-stream;q=much"}, 0},
		"out of range":       {[]string{"text/event-stream;q=2"}, 0},
		"NaN":                {[]string{"text/event-stream;q=NaN"}, 0},
		"malformed":          {[]string{"text/event-stream;q"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.InDelta(t, test.want, accept.Weight(http.Header{"Accept": test.header}, "text/event-stream"), 0)
		})
	}
	assert.InDelta(t, 0.5, accept.Weight(http.Header{"Accept": {"text/*;q=0.5"}}, "text/*"), 0)
}
