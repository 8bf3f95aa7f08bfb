// SPDX-License-Identifier: Apache-2.0

package skills

import "context"

// Clients are the AI clients that skills are installed for, as the HTTP
// handlers see them.
type Clients interface {
	// DiscoverClients returns every known AI client, sorted by id.
	DiscoverClients(ctx context.Context) ([]Client, error)
}

// Client is one AI client.
type Client struct {
	// ID is what installs call it, such as "claude-code".
	ID string
	// Installed says whether it was found on this machine.
	Installed bool
}
