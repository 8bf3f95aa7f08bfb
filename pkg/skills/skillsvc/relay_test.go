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
	var first, second, third, next, other []int64
	leaveOther := all.join(follow(&other), "pull b")
	all.join(t.Context(), "pull a")()

	leaveFirst := all.join(follow(&first), "pull a")
	ctx, done := all.carry(t.Context(), "pull a")
	report := func(done int64) { skills.ProgressOf(ctx)(skills.Progress{Activity: skills.ActivityPull, Done: done}) }
	report(1)
	leaveSecond := all.join(follow(&second), "pull a")
	report(2)
	leaveFirst()
	report(3)
	leaveSecond()
	report(4)
	leaveThird := all.join(follow(&third), "pull a")
	report(5)
	done()
	report(6)
	leaveNext := all.join(follow(&next), "pull a")
	leaveThird()
	leaveNext()
	leaveOther()

	assert.Equal(t, []int64{1, 2}, first, "nothing comes after leaving")
	assert.Equal(t, []int64{1, 2, 3}, second, "who comes later hears first how far it is")
	assert.Equal(t, []int64{4, 5}, third, "also when nobody had listened")
	assert.Empty(t, next, "the end of the work before is no news of the next")
	assert.Empty(t, other)
	assert.Empty(t, all.byKey, "what is over is forgotten")
}
