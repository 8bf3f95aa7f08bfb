// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// maxTrees bounds the lists of entries of all folders that one call reads,
	// in bytes: one below the other they are in memory at the same time.
	maxTrees = 16 << 20
	// maxPath and maxName bound a file's path and each name in it, in bytes, to
	// what every file system can hold.
	maxPath = 1024
	maxName = 255
)

// fetch writes the reference's folder at the commit to root.
func (s *session) fetch(commit string, root *os.Root) error {
	if err := s.fetchCommit(plumbing.NewHash(commit), root); err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *session) fetchCommit(commit plumbing.Hash, root *os.Root) error {
	pack, err := s.download(commit)
	if err != nil {
		return err
	}
	defer pack.close()
	tree, err := s.folder(pack, commit)
	if err != nil {
		return err
	}
	if !holdsSkill(tree) {
		return skills.Errorf(skills.Unprocessable, "%s is not a skill: the folder has no %s", s.ref, skills.SkillFile)
	}
	w := &folderWriter{session: s, pack: pack, root: root}
	if err := w.write(tree, ""); err != nil {
		return err
	}
	return s.checkSkill(root)
}

// folder returns the tree of the reference's folder.
func (s *session) folder(p *pack, hash plumbing.Hash) (*object.Tree, error) {
	encoded, err := p.objects.Get(hash)
	if err != nil {
		return nil, err
	}
	if encoded.Type() != plumbing.CommitObject {
		return nil, skills.Errorf(skills.Upstream, "%s cannot be fetched: %s is a %s and not a commit", s.ref, hash, encoded.Type())
	}
	commit, err := object.DecodeCommit(nil, encoded)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(p, commit.TreeHash, "")
	if err != nil || s.ref.Folder == "" {
		return tree, err
	}
	walked := ""
	for name := range strings.SplitSeq(s.ref.Folder, "/") {
		walked = path.Join(walked, name)
		entry := find(tree, name)
		switch {
		case entry == nil:
			return nil, skills.Errorf(skills.Upstream, "%s cannot be fetched: commit %s has no folder %q", s.ref, hash, walked)
		case entry.Mode == filemode.Symlink, entry.Mode == filemode.Submodule:
			return nil, skills.Errorf(skills.Unprocessable, "%s cannot be fetched: %q is a %s; name the folder itself", s.ref, walked, modeName(entry.Mode))
		case entry.Mode != filemode.Dir:
			return nil, skills.Errorf(skills.Upstream, "%s cannot be fetched: %q is a file at commit %s; name the folder that holds it", s.ref, walked, hash)
		}
		if tree, err = s.tree(p, entry.Hash, walked); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// tree reads the tree of the folder name.
func (s *session) tree(p *pack, hash plumbing.Hash, name string) (*object.Tree, error) {
	encoded, err := p.object(hash, plumbing.TreeObject)
	if err != nil {
		return nil, err
	}
	if s.trees += encoded.Size(); s.trees > maxTrees {
		return nil, skills.Errorf(skills.Unprocessable, "%s cannot be fetched: folder %q has too many entries", s.ref, name)
	}
	return object.DecodeTree(nil, encoded)
}

func find(tree *object.Tree, name string) *object.TreeEntry {
	for i := range tree.Entries {
		if tree.Entries[i].Name == name {
			return &tree.Entries[i]
		}
	}
	return nil
}

func holdsSkill(tree *object.Tree) bool {
	entry := find(tree, skills.SkillFile)
	return entry != nil && isFile(entry.Mode)
}

// checkSkill checks what the written SKILL.md says.
func (s *session) checkSkill(root *os.Root) error {
	file, err := root.Open(skills.SkillFile)
	if err != nil {
		return &localError{err}
	}
	defer func() { _ = file.Close() }()
	front, err := skills.ReadFrontmatter(file)
	if err == nil {
		err = skills.ValidateName(front.Name)
	}
	var kinded *skills.Error
	switch {
	case errors.As(err, &kinded):
		return skills.Wrap(skills.Unprocessable, err, "%s is not a skill: %s", s.ref, kinded.Message)
	case err != nil:
		return &localError{err}
	}
	return nil
}

// folderWriter writes trees to a folder and counts what it writes.
type folderWriter struct {
	session *session
	pack    *pack
	root    *os.Root

	files, folders int
	bytes          int64
}

// write writes the entries of the tree below dir.
func (w *folderWriter) write(tree *object.Tree, dir string) error {
	for _, entry := range tree.Entries {
		if strings.HasPrefix(entry.Name, ".") {
			continue
		}
		if err := w.session.ctx.Err(); err != nil {
			return err
		}
		name := path.Join(dir, entry.Name)
		if !isPlainName(entry.Name) || len(name) > maxPath {
			return w.refuse("%s is a name that no file of a skill may have", quote(name))
		}
		var err error
		switch {
		case isFile(entry.Mode):
			err = w.writeFile(name, entry.Hash)
		case entry.Mode == filemode.Dir:
			err = w.writeFolder(name, entry.Hash)
		default:
			err = w.refuse("%s is a %s; a skill may hold only regular files and folders", quote(name), modeName(entry.Mode))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *folderWriter) writeFolder(name string, hash plumbing.Hash) error {
	if w.folders++; w.folders > w.limit() {
		return w.refuse("it has over %d folders, which is the most that is allowed", w.limit())
	}
	if err := w.root.Mkdir(name, 0o755); err != nil {
		return w.created(name, err)
	}
	tree, err := w.session.tree(w.pack, hash, name)
	if err != nil {
		return err
	}
	return w.write(tree, name)
}

func (w *folderWriter) writeFile(name string, hash plumbing.Hash) error {
	if w.files++; w.files > w.limit() {
		return w.refuse("it has over %d files, which is the most that is allowed", w.limit())
	}
	blob, err := w.pack.object(hash, plumbing.BlobObject)
	if err != nil {
		return err
	}
	if w.bytes += blob.Size(); w.bytes > w.session.fetcher.limits.Bytes {
		return w.refuse("its files have over %s, which is the most that is allowed", mebibytes(w.session.fetcher.limits.Bytes))
	}
	content, err := blob.Reader()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	file, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return w.created(name, err)
	}
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Close()); err != nil {
		return &localError{err}
	}
	return nil
}

// created explains why a file or folder could not be made: two entries for one
// path are the repository's fault, anything else is ours.
func (w *folderWriter) created(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return w.refuse("%s is there twice, or differs from another name only in case", quote(name))
	}
	return &localError{err}
}

func (w *folderWriter) limit() int { return w.session.fetcher.limits.Files }

func (w *folderWriter) refuse(format string, args ...any) error {
	return skills.Errorf(skills.Unprocessable, "%s is not an acceptable skill: %w", w.session.ref, skills.Errorf(skills.Unprocessable, format, args...))
}

// isPlainName reports whether a name is one that every file system takes for a
// single, ordinary name.
func isPlainName(name string) bool {
	return len(name) <= maxName && utf8.ValidString(name) && !strings.ContainsAny(name, `/\`) && !strings.ContainsFunc(name, unicode.IsControl)
}

func isFile(mode filemode.FileMode) bool {
	return mode == filemode.Regular || mode == filemode.Deprecated || mode == filemode.Executable
}

func modeName(mode filemode.FileMode) string {
	switch mode {
	case filemode.Symlink:
		return "symbolic link"
	case filemode.Submodule:
		return "submodule"
	default:
		return "special file"
	}
}
