// SPDX-License-Identifier: Apache-2.0

package clients

import "slices"

// All returns every client that skilld knows, sorted by id.
func All() []Client { return slices.Clone(table) }
