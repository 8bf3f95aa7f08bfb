// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"sync"
	"time"
)

// freshFor is how long a cached tag answers before its registry is asked again.
const freshFor = time.Minute

// freshness remembers when registries were last asked about cached tags. It
// forgets with the process: after a restart each tag is asked about once.
type freshness struct {
	now func() time.Time

	mu      sync.Mutex
	checked map[string]time.Time
}

// note records that the registry has just been asked about the tag.
func (f *freshness) note(tag string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.checked == nil {
		f.checked = make(map[string]time.Time)
	}
	f.checked[tag] = f.now()
}

// due reports whether the registry must be asked again.
func (f *freshness) due(tag string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, known := f.checked[tag]
	return !known || f.now().Sub(at) > freshFor
}
