// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These run on synctest's clock: what takes minutes here takes none.

func newRefresher(fetch func(context.Context, *snapshot) (*snapshot, error)) *refresher {
	return &refresher{fetch: fetch, ttl: remoteTTL, now: time.Now, log: slog.New(slog.DiscardHandler)}
}

func TestASlowRefreshDoesNotHoldUpQuestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		r := newRefresher(func(_ context.Context, last *snapshot) (*snapshot, error) {
			fetches++
			if last != nil {
				time.Sleep(20 * time.Second)
			}
			return &snapshot{version: []string{"", "one", "two"}[fetches]}, nil
		})
		s, err := r.get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "one", s.version)

		time.Sleep(remoteTTL)
		begin := time.Now()
		s, err = r.get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "one", s.version)
		assert.Equal(t, patience, time.Since(begin))

		time.Sleep(20 * time.Second)
		s, err = r.get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "two", s.version, "the refresh went on")
		assert.Equal(t, 2, fetches)
	})
}

func TestARefreshEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRefresher(func(ctx context.Context, _ *snapshot) (*snapshot, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		begin := time.Now()
		_, err := r.get(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, refreshTimeout, time.Since(begin))
	})
}

func TestARefreshOutlivesTheOneWhoBeganIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		r := newRefresher(func(ctx context.Context, _ *snapshot) (*snapshot, error) {
			fetches++
			time.Sleep(10 * time.Second)
			return &snapshot{}, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = r.get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, fetches)
	})
}
