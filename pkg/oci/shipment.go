// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/pkg/skills"
)

// shipment counts the bytes of an artifact on its way to a registry: those of
// each blob once, however often it has to be sent, and of the blobs that the
// registry has already as well. A nil shipment counts nothing.
type shipment struct {
	meter *skills.Meter
	parts map[digest.Digest][]ocispec.Descriptor

	mu sync.Mutex
	// counted is how much of each blob the meter has been told.
	counted map[digest.Digest]int64
}

// newShipment returns the shipment of root, whose manifests are read for it;
// nil if nobody wants to know.
func newShipment(ctx context.Context, fetcher content.Fetcher, root ocispec.Descriptor) (*shipment, error) {
	if skills.ProgressOf(ctx) == nil {
		return nil, nil
	}
	s := &shipment{parts: make(map[digest.Digest][]ocispec.Descriptor), counted: make(map[digest.Digest]int64)}
	total, err := s.load(ctx, fetcher, root)
	if err != nil {
		return nil, err
	}
	s.meter = skills.NewMeter(ctx, skills.ActivityPush, total)
	return s, nil
}

// load notes what desc consists of, and returns the bytes of what was not noted
// before.
func (s *shipment) load(ctx context.Context, fetcher content.Fetcher, desc ocispec.Descriptor) (int64, error) {
	if _, known := s.parts[desc.Digest]; known {
		return 0, nil
	}
	parts, err := successors(ctx, fetcher, desc)
	if err != nil {
		return 0, err
	}
	s.parts[desc.Digest] = parts
	total := desc.Size
	for _, part := range parts {
		size, err := s.load(ctx, fetcher, part)
		if err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}

// sending counts the blob's bytes as they are read from r, from its first.
func (s *shipment) sending(desc ocispec.Descriptor, r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	s.count(desc.Digest, 0)
	return &shipped{r: r, shipment: s, desc: desc}
}

// arrived counts the blob, and all that it consists of, as dealt with.
func (s *shipment) arrived(desc ocispec.Descriptor) {
	if s == nil {
		return
	}
	for _, part := range s.parts[desc.Digest] {
		s.arrived(part)
	}
	s.count(desc.Digest, desc.Size)
}

// count tells the meter that so many bytes of the blob are dealt with.
func (s *shipment) count(blob digest.Digest, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if more := bytes - s.counted[blob]; more != 0 {
		s.counted[blob] = bytes
		s.meter.Add(more)
	}
}

// shipped is a blob that is being sent.
type shipped struct {
	r        io.Reader
	shipment *shipment
	desc     ocispec.Descriptor
	read     int64
}

// Read reads from the blob.
func (s *shipped) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if n > 0 {
		s.read += int64(n)
		s.shipment.count(s.desc.Digest, s.read)
	}
	return n, err
}
