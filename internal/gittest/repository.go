// SPDX-License-Identifier: Apache-2.0

package gittest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The modes of an Entry (gitformat-index(5), "mode").
const (
	// File is a regular file.
	File = "100644"
	// Executable is a regular file that may be run.
	Executable = "100755"
	// Symlink is a symbolic link; its data is the target.
	Symlink = "120000"
	// Submodule is another repository's commit; its data is the hash.
	Submodule = "160000"
)

// Entry is one path of a commit.
type Entry struct {
	Mode, Path, Data string
}

// Repository is a bare repository of a Server. Its HEAD is the branch main.
type Repository struct {
	t      testing.TB
	folder string
}

// Create makes an empty repository; name is "owner/repo", and may end in ".git".
func (s *Server) Create(name string) *Repository {
	s.t.Helper()
	r := &Repository{t: s.t, folder: filepath.Join(s.folder, filepath.FromSlash(name))}
	run(s.t, s.folder, nil, "init", "--quiet", "--bare", "--initial-branch=main", r.folder)
	return r
}

// Commit adds a commit to the branch (made where it is missing) that holds
// exactly these files, and returns its hash.
func (r *Repository) Commit(branch string, files map[string]string) string {
	r.t.Helper()
	var entries []Entry
	for _, path := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, Entry{Mode: File, Path: path, Data: files[path]})
	}
	return r.CommitEntries(branch, entries...)
}

// CommitEntries is Commit for entries of any mode.
func (r *Repository) CommitEntries(branch string, entries ...Entry) string {
	r.t.Helper()
	var script bytes.Buffer
	writeCommit(&script, branch, r.tip(branch), true, entries)
	r.fastImport(&script)
	return r.tip(branch)
}

// History adds n commits to the branch. Each holds the given files and a file
// "history/NN" of 2 KiB that does not compress, one of a hundred, with new
// content. It returns their hashes, the oldest first.
func (r *Repository) History(branch string, n int, files map[string]string) []string {
	r.t.Helper()
	var script bytes.Buffer
	parent := r.tip(branch)
	noise := rand.NewChaCha8([32]byte{1})
	for i := range n {
		data := make([]byte, 2<<10)
		_, _ = noise.Read(data)
		entries := []Entry{{File, fmt.Sprintf("history/%02d", i%100), string(data)}}
		for _, path := range slices.Sorted(maps.Keys(files)) {
			entries = append(entries, Entry{File, path, files[path]})
		}
		writeCommit(&script, branch, parent, false, entries)
		parent = ""
	}
	r.fastImport(&script)
	hashes := strings.Fields(r.git("rev-list", "--reverse", "refs/heads/"+branch))
	return hashes[len(hashes)-n:]
}

// Branch points a branch at a commit.
func (r *Repository) Branch(name, commit string) {
	r.t.Helper()
	r.git("update-ref", "refs/heads/"+name, commit)
}

// Tag makes a lightweight tag.
func (r *Repository) Tag(name, commit string) {
	r.t.Helper()
	r.git("update-ref", "refs/tags/"+name, commit)
}

// AnnotatedTag makes a tag with an object of its own, and returns that
// object's hash.
func (r *Repository) AnnotatedTag(name, commit string) string {
	r.t.Helper()
	r.git("tag", "--annotate", "--message="+name, name, commit)
	return strings.TrimSpace(r.git("rev-parse", "refs/tags/"+name))
}

// DeleteBranch removes a branch; its commits stay, without a ref.
func (r *Repository) DeleteBranch(name string) {
	r.t.Helper()
	r.git("update-ref", "-d", "refs/heads/"+name)
}

// Config sets a value of the repository's configuration, such as
// "uploadpack.allowReachableSHA1InWant".
func (r *Repository) Config(key, value string) {
	r.t.Helper()
	r.git("config", key, value)
}

// Size packs the repository as tightly as git does for a full clone, and
// returns the size of its objects in bytes.
func (r *Repository) Size() int64 {
	r.t.Helper()
	r.git("repack", "-a", "-d", "-q")
	var total int64
	err := filepath.WalkDir(filepath.Join(r.folder, "objects"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		r.t.Fatalf("measure the repository: %v", err)
	}
	return total
}

// tip returns the commit of a branch, or "" where there is no such branch.
func (r *Repository) tip(branch string) string {
	return strings.TrimSpace(r.git("for-each-ref", "--format=%(objectname)", "refs/heads/"+branch))
}

// writeCommit writes one commit in the language of git-fast-import(1); replace
// drops what the parent holds.
func writeCommit(w io.Writer, branch, parent string, replace bool, entries []Entry) {
	_, _ = fmt.Fprintf(w, "commit refs/heads/%s\ncommitter Test <test@example.invalid> 1700000000 +0000\ndata 4\ntest\n", branch)
	if parent != "" {
		_, _ = fmt.Fprintf(w, "from %s\n", parent)
	}
	if replace {
		_, _ = fmt.Fprintln(w, "deleteall")
	}
	for _, e := range entries {
		if e.Mode == Submodule {
			_, _ = fmt.Fprintf(w, "M %s %s %s\n", e.Mode, e.Data, e.Path)
			continue
		}
		_, _ = fmt.Fprintf(w, "M %s inline %s\ndata %d\n%s\n", e.Mode, e.Path, len(e.Data), e.Data)
	}
}

func (r *Repository) fastImport(script io.Reader) {
	r.t.Helper()
	run(r.t, r.folder, script, "fast-import", "--quiet", "--force")
}

func (r *Repository) git(args ...string) string {
	r.t.Helper()
	return run(r.t, r.folder, nil, args...)
}

// run runs git in the folder and returns what it prints.
func run(t testing.TB, folder string, stdin io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin, cmd.Env = folder, stdin, append(environment(folder), "PATH="+os.Getenv("PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// environment keeps the machine's own git configuration out of the tests.
func environment(home string) []string {
	return []string{
		"HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "LC_ALL=C",
		"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.invalid",
		"GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.invalid",
	}
}
