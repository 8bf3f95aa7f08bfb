// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	var seen []skills.Progress
	ctx := skills.WithProgress(t.Context(), func(p skills.Progress) { seen = append(seen, p) })
	meter := skills.NewMeter(ctx, skills.ActivityPull, 12)
	text, err := io.ReadAll(meter.Reader(strings.NewReader("hello")))
	require.NoError(t, err)
	assert.Equal(t, "hello", string(text))
	meter.Add(7)
	meter.Add(-2)
	assert.Equal(t, []skills.Progress{
		{Activity: skills.ActivityPull, Done: 0, Total: 12},
		{Activity: skills.ActivityPull, Done: 5, Total: 12},
		{Activity: skills.ActivityPull, Done: 12, Total: 12},
		{Activity: skills.ActivityPull, Done: 10, Total: 12},
	}, seen)
}

func TestMeterNobodyReads(t *testing.T) {
	t.Parallel()
	meter := skills.NewMeter(context.Background(), skills.ActivityPush, 1)
	meter.Add(1)
	r := strings.NewReader("hello")
	assert.Same(t, r, meter.Reader(r))
}
