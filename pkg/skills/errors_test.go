// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want skills.Kind
	}{
		"a plain error is ours":        {io.ErrUnexpectedEOF, skills.Internal},
		"a kind":                       {skills.Errorf(skills.Conflict, "taken"), skills.Conflict},
		"a kind beneath plain errors":  {fmt.Errorf("a: %w", fmt.Errorf("b: %w", skills.Errorf(skills.NotFound, "gone"))), skills.NotFound},
		"the outermost kind counts":    {skills.Errorf(skills.Upstream, "up: %w", skills.Errorf(skills.Invalid, "in")), skills.Upstream},
		"a deadline":                   {fmt.Errorf("waiting: %w", context.DeadlineExceeded), skills.Timeout},
		"a kind counts above deadline": {skills.Wrap(skills.Upstream, context.DeadlineExceeded, "slow"), skills.Upstream},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, skills.KindOf(tt.err))
			assert.True(t, skills.IsKind(tt.err, tt.want))
		})
	}
	assert.False(t, skills.IsKind(nil, skills.Internal))
}

func TestErrorTextAndCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	shown := skills.Errorf(skills.Upstream, "pulling x: %w", cause)
	assert.EqualError(t, shown, "pulling x: the cause")
	assert.ErrorIs(t, shown, cause)

	limited := &skills.Error{Kind: skills.RateLimited, Message: "slow down", RetryAfter: time.Minute}
	var outer *skills.Error
	assert.ErrorAs(t, skills.Errorf(skills.RateLimited, "pulling x: %w", limited), &outer)
	assert.Equal(t, time.Minute, outer.RetryAfter, "how long to wait is not lost on the way")

	hidden := skills.Wrap(skills.Invalid, cause, "folder %s is odd", "/x")
	assert.EqualError(t, hidden, "folder /x is odd")
	assert.ErrorIs(t, hidden, cause)
}
