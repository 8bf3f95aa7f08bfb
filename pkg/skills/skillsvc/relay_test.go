// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

func TestRelay(t *testing.T) {
	t.Parallel()
	var all relays
	follow := func(seen *[]int64) context.Context {
		return skills.WithProgress(t.Context(), func(p skills.Progress) { *seen = append(*seen, p.Done) })
	}
	report := func(done int64) {
		all.report("pull a", skills.Progress{Activity: skills.ActivityPull, Done: done})
	}
	var first, second, third, other []int64
	defer all.join(follow(&other), "pull b")()
	defer all.join(t.Context(), "pull a")()

	leaveFirst := all.join(follow(&first), "pull a")
	report(1)
	leaveSecond := all.join(follow(&second), "pull a")
	report(2)
	leaveFirst()
	report(3)
	leaveSecond()
	report(4)
	leaveThird := all.join(follow(&third), "pull a")
	report(5)
	leaveThird()

	assert.Equal(t, []int64{1, 2}, first, "nothing comes after leaving")
	assert.Equal(t, []int64{1, 2, 3}, second, "who comes later hears first how far it is")
	assert.Equal(t, []int64{5}, third, "nobody listened to what came before")
	assert.Empty(t, other)
	assert.Len(t, all.byKey, 1, "what nobody follows is forgotten")
}
