// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// maxObjects bounds a pack's objects: some 400 bytes of memory are spent on
	// each, and a hostile pack can have one in ten bytes.
	maxObjects = 500_000
	// packCache is how many bytes of unpacked objects are kept for deltas.
	packCache = 8 << 20
)

// errPack says that a pack is not one.
var errPack = errors.New("malformed pack")

// localError is a failure of our own disk, which is no fault of the server.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// pack is a received pack on disk with its index in memory.
type pack struct {
	file    *packFile
	objects *packfile.Packfile
}

// packFile is a file whose reads end with the session, so that a pack that
// takes for ever to unpack does not.
type packFile struct {
	*os.File
	ctx context.Context
}

// Read reads from the file unless the context has ended.
func (f *packFile) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

// Lock does nothing: nobody else knows the file.
func (f *packFile) Lock() error { return nil }

// Unlock does nothing.
func (f *packFile) Unlock() error { return nil }

// receive writes the pack to disk, checking it as it comes in, and indexes it.
func (s *session) receive(stream io.Reader) (*pack, error) {
	file, err := os.CreateTemp(s.fetcher.tempDir, "skilld-git-*.pack")
	if err != nil {
		return nil, &localError{err}
	}
	p := &pack{file: &packFile{File: file, ctx: s.ctx}}
	stream = skills.NewMeter(s.ctx, skills.ActivityClone, 0).Reader(stream)
	if err := s.check(io.TeeReader(stream, &sink{file: file, session: s})); err != nil {
		p.close()
		return nil, err
	}
	if err := p.index(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// sink writes to a file and notes that a failure is ours.
type sink struct {
	file    *os.File
	session *session
}

func (k *sink) Write(p []byte) (int, error) {
	n, err := k.file.Write(p)
	if err != nil {
		k.session.note(&localError{err})
	}
	return n, err
}

// check reads a pack to its end and refuses what would cost too much memory to
// index: too many objects, or one that unpacks to too much.
func (s *session) check(stream io.Reader) error {
	scanner := packfile.NewScanner(stream)
	_, count, err := scanner.Header()
	if err != nil {
		return err
	}
	if count > maxObjects {
		return skills.Errorf(skills.Unprocessable, "%s cannot be fetched: the repository has %d objects; at most %d are allowed", s.ref, count, maxObjects)
	}
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return err
		}
		if !header.Type.Valid() {
			return fmt.Errorf("%w: unknown type of object", errPack)
		}
		if header.Length > s.fetcher.limits.Bytes {
			return s.objectTooBig()
		}
		var head prefix
		n, _, err := scanner.NextObject(&head)
		if err != nil {
			return err
		}
		if n != header.Length {
			return fmt.Errorf("%w: an object has another size than it says", errPack)
		}
		if header.Type.IsDelta() && head.target() > s.fetcher.limits.Bytes {
			return s.objectTooBig()
		}
	}
	_, err = scanner.Checksum()
	return err
}

func (s *session) objectTooBig() error {
	return skills.Errorf(skills.Unprocessable, "%s cannot be fetched: the repository has a file of over %s, which is the most that is allowed",
		s.ref, mebibytes(s.fetcher.limits.Bytes))
}

// prefix keeps the first bytes that are written to it: room for the two sizes
// that a delta begins with (gitformat-pack(5), "Deltified representation").
type prefix struct {
	bytes [2 * binary.MaxVarintLen64]byte
	n     int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.bytes[p.n:], b)
	return len(b), nil
}

// target returns the size of the object that a delta makes; 0 for a malformed
// one, which indexing refuses.
func (p *prefix) target() int64 {
	_, n := binary.Uvarint(p.bytes[:p.n])
	if n <= 0 {
		return 0
	}
	size, _ := binary.Uvarint(p.bytes[n:p.n])
	return int64(min(size, math.MaxInt64))
}

// index computes the hash of every object in the pack.
func (p *pack) index() error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return &localError{err}
	}
	writer := new(idxfile.Writer)
	parser, err := packfile.NewParser(packfile.NewScanner(p.file), writer)
	if err != nil {
		return err
	}
	if _, err := parser.Parse(); err != nil {
		return err
	}
	index, err := writer.Index()
	if err != nil {
		return err
	}
	p.objects = packfile.NewPackfileWithCache(index, nil, p.file, cache.NewObjectLRU(packCache), 0)
	return nil
}

func (p *pack) has(hash plumbing.Hash) bool {
	found, err := p.objects.Contains(hash)
	return err == nil && found
}

// object returns the object of the hash, which must be of the type.
func (p *pack) object(hash plumbing.Hash, kind plumbing.ObjectType) (plumbing.EncodedObject, error) {
	object, err := p.objects.Get(hash)
	switch {
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return nil, fmt.Errorf("%w: %s %s is missing", errPack, kind, hash)
	case err != nil:
		return nil, err
	case object.Type() != kind:
		return nil, fmt.Errorf("%w: %s is not a %s but a %s", errPack, hash, kind, object.Type())
	}
	return object, nil
}

// close removes the file.
func (p *pack) close() {
	_ = p.file.Close()
	_ = os.Remove(p.file.Name())
}
