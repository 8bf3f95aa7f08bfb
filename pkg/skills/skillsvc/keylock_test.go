// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeyLock(t *testing.T) {
	t.Parallel()
	t.Run("one at a time for a key", func(t *testing.T) {
		t.Parallel()
		var lock keyLock
		var workers sync.WaitGroup
		inside := 0
		for range 100 {
			workers.Go(func() {
				unlock, err := lock.lock(t.Context(), "key")
				if !assert.NoError(t, err) {
					return
				}
				defer unlock()
				inside++
				assert.Equal(t, 1, inside)
				inside--
			})
		}
		workers.Wait()
		assert.Empty(t, lock.slots, "nothing is kept of keys that nobody holds")
	})
	t.Run("other keys go on", func(t *testing.T) {
		t.Parallel()
		var lock keyLock
		unlockA, err := lock.lock(t.Context(), "a")
		require.NoError(t, err)
		unlockB, err := lock.lock(t.Context(), "b")
		require.NoError(t, err)
		unlockB()
		unlockA()
	})
	t.Run("a caller that leaves stops waiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var lock keyLock
			unlock, err := lock.lock(t.Context(), "key")
			require.NoError(t, err)
			ctx, leave := context.WithCancel(t.Context())
			waiting := make(chan error)
			go func() {
				_, err := lock.lock(ctx, "key")
				waiting <- err
			}()
			synctest.Wait()
			leave()
			require.ErrorIs(t, <-waiting, context.Canceled)
			unlock()
			unlock, err = lock.lock(t.Context(), "key")
			require.NoError(t, err)
			unlock()
			assert.Empty(t, lock.slots)
		})
	})
}
