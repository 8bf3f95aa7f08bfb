// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"

	"github.com/skilld/skilld/pkg/skills"
)

// DiscoverClients returns every known AI client; see [skills.Clients].
func (s *Service) DiscoverClients(context.Context) ([]skills.Client, error) {
	found := s.Machine.Discover()
	list := make([]skills.Client, len(found))
	for i, c := range found {
		list[i] = skills.Client{ID: c.ID, Installed: c.Installed}
	}
	return list, nil
}
