// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

// packed makes a pack (gitformat-pack(5)) of entries that are already encoded.
func packed(count uint32, entries ...[]byte) []byte {
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	for _, entry := range entries {
		pack = append(pack, entry...)
	}
	sum := sha1.Sum(pack)
	return append(pack, sum[:]...)
}

// packEntry encodes an object of the type with a size that may be a lie.
func packEntry(kind byte, size uint64, base, data []byte) []byte {
	first := kind<<4 | byte(size&0xf)
	size >>= 4
	var entry []byte
	for size > 0 {
		entry = append(entry, first|0x80)
		first, size = byte(size&0x7f), size>>7
	}
	entry = append(append(entry, first), base...)
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return append(entry, b.Bytes()...)
}

func TestHostilePacks(t *testing.T) {
	t.Parallel()
	blob := packEntry(3, 5, nil, []byte("hello"))
	delta := func(target uint64) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(nil, 5), target)
	}
	// An OFS delta (type 6) names its base by the distance back to it.
	ofs := func(target uint64) []byte {
		data := append(delta(target), 0x90, 5)
		return packEntry(6, uint64(len(data)), []byte{byte(len(blob))}, data)
	}
	tests := []struct {
		name string
		pack []byte
		kind skills.Kind
	}{
		{"empty", nil, skills.Upstream},
		{"another signature", []byte("PUCK\x00\x00\x00\x02\x00\x00\x00\x00"), skills.Upstream},
		{"without the commit", packed(1, blob), skills.Upstream},
		{"without objects", packed(0), skills.Upstream},
		{"a good delta", packed(2, blob, ofs(5)), skills.Upstream},
		{"cut short", packed(2, blob), skills.Upstream},
		{"wrong checksum", append(packed(1, blob)[:12+len(blob)], make([]byte, 20)...), skills.Upstream},
		{"too many objects", packed(1 << 30), skills.Unprocessable},
		{"a size that is too big", packed(1, packEntry(3, 1<<40, nil, []byte("hello"))), skills.Unprocessable},
		{"a size over what is there", packed(1, packEntry(3, 1<<20, nil, []byte("hello"))), skills.Upstream},
		{"a size under what is there", packed(1, packEntry(3, 2, nil, []byte("hello"))), skills.Upstream},
		{"a delta that makes too much", packed(2, blob, ofs(1<<40)), skills.Unprocessable},
		{"a delta that lies", packed(2, blob, ofs(6)), skills.Upstream},
		{"a delta of nothing", packed(1, packEntry(7, 4, make([]byte, 20), append(delta(5), 0x90, 5))), skills.Upstream},
		{"an unknown type", packed(1, packEntry(5, 5, nil, []byte("hello"))), skills.Upstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := gittest.New(t)
			server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": skillText})
			server.Intercept(only(isUpload, sendPack(tt.pack)))
			f, temp := newFetcher(t, nil)
			_, _, err := fetch(t, f, server.Reference("org/skill", ""))
			require.Error(t, err)
			assert.Equal(t, tt.kind, skills.KindOf(err), err)
			assertEmpty(t, temp)
		})
	}
}

// sendPack answers a request without history for a pack (gitprotocol-pack(5),
// "Packfile Data"): nothing is shallow, NAK, and the pack on the first side band.
func sendPack(pack []byte) gittest.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, "00000008NAK\n")
		for chunk := range chunks(pack) {
			_, _ = fmt.Fprintf(w, "%04x\x01%s", len(chunk)+5, chunk)
		}
		_, _ = io.WriteString(w, "0000")
		return true
	}
}

func chunks(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			n := min(len(data), 1000)
			if !yield(data[:n]) {
				return
			}
			data = data[n:]
		}
	}
}

// objects collects entries of a pack with the hashes that git gives them.
type objects struct{ entries [][]byte }

func (o *objects) add(kind byte, name, data string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%s %d\x00%s", name, len(data), data)))
	o.entries = append(o.entries, packEntry(kind, uint64(len(data)), nil, []byte(data)))
	return string(sum[:])
}

func (o *objects) blob(data string) string { return o.add(3, "blob", data) }

func (o *objects) tree(entries ...string) string { return o.add(2, "tree", strings.Join(entries, "")) }

func (o *objects) commit(tree string) string {
	return o.add(1, "commit", "tree "+hex.EncodeToString([]byte(tree))+"\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n")
}

func (o *objects) skill() string { return file("SKILL.md", o.blob(skillText)) }

func file(name, hash string) string   { return "100644 " + name + "\x00" + hash }
func folder(name, hash string) string { return "40000 " + name + "\x00" + hash }

func TestHostileTrees(t *testing.T) {
	t.Parallel()
	missing := strings.Repeat("m", 20)
	tests := []struct {
		name string
		// make adds the objects and returns what HEAD is.
		make    func(o *objects) string
		kind    skills.Kind
		message string
	}{
		{"a name twice", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("a", o.blob("1")), file("a", o.blob("2"))))
		}, skills.Unprocessable, "there twice"},
		{"a file and a folder of one name", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("a", o.blob("1")), folder("a", o.tree())))
		}, skills.Unprocessable, "there twice"},
		{"a path as a name", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("sub/../../x", o.blob("1"))))
		}, skills.Unprocessable, "a name that no file"},
		{"an absolute path as a name", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("/etc/x", o.blob("1"))))
		}, skills.Unprocessable, "a name that no file"},
		{"a long name", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file(strings.Repeat("a", 256), o.blob("1"))))
		}, skills.Unprocessable, "a name that no file"},
		{"a control character", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("a\x1b[2J", o.blob("1"))))
		}, skills.Unprocessable, "a name that no file"},
		{"folders that multiply", func(o *objects) string {
			tree := o.tree()
			for range 8 {
				var entries []string
				for _, name := range strings.Split("abcdefghij", "") {
					entries = append(entries, folder(name, tree))
				}
				tree = o.tree(entries...)
			}
			return o.commit(o.tree(o.skill(), folder("z", tree)))
		}, skills.Unprocessable, "over 100 folders"},
		{"a tree too big", func(o *objects) string {
			return o.commit(o.tree(o.skill(), folder("z", o.tree(strings.Repeat(file(".a", missing), 600_000)))))
		}, skills.Unprocessable, "too many entries"},
		{"a missing file", func(o *objects) string {
			return o.commit(o.tree(o.skill(), file("a", missing)))
		}, skills.Upstream, "is missing"},
		{"a missing folder", func(o *objects) string {
			return o.commit(o.tree(o.skill(), folder("a", missing)))
		}, skills.Upstream, "is missing"},
		{"a file in the place of a folder", func(o *objects) string {
			return o.commit(o.tree(o.skill(), folder("a", o.blob("1"))))
		}, skills.Upstream, "not a tree but a blob"},
		{"a malformed tree", func(o *objects) string {
			return o.commit(o.tree(o.skill(), "junk"))
		}, skills.Upstream, "malformed"},
		{"HEAD is a file", func(o *objects) string { return o.blob(skillText) }, skills.Upstream, "not a commit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var o objects
			head := hex.EncodeToString([]byte(tt.make(&o)))
			pack := sendPack(packed(uint32(len(o.entries)), o.entries...))
			server := gittest.New(t)
			server.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if isUpload(r) {
					return pack(w, r)
				}
				line := head + " HEAD\x00shallow side-band-64k ofs-delta\n"
				_, _ = fmt.Fprintf(w, "001e# service=git-upload-pack\n0000%04x%s0000", len(line)+4, line)
				return true
			})
			f, temp := newFetcher(t, limit(git.Limits{Files: 100}))
			_, _, err := fetch(t, f, server.Reference("org/skill", ""))
			require.Error(t, err)
			assert.Equal(t, tt.kind, skills.KindOf(err), err)
			assert.ErrorContains(t, err, tt.message)
			assertEmpty(t, temp)
		})
	}
}
