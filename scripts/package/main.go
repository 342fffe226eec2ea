// Command package builds the deployment package, build/mailgrant.zip: static,
// stripped, executable bit set, and byte for byte the same from the same sources.
package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mailgrant/scripts/assemble"
)

func main() {
	err := run(context.Background(), ".", filepath.Join("build", "mailgrant.zip"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, target string) error {
	fmt.Println("building the handler; the first time this takes a minute or two …")
	folder := filepath.Join("build", "package")
	err := os.RemoveAll(folder)
	if err != nil {
		return fmt.Errorf("clearing %s: %w", folder, err)
	}
	err = assemble.Folder(ctx, folder, assemble.Build{Root: root})
	if err != nil {
		return err
	}
	err = pack(folder, target)
	if err != nil {
		return err
	}
	return report(folder, target)
}

// pack zips the folder: names sorted (as WalkDir gives them), one fixed time, and
// the modes that the platform needs.
func pack(folder, target string) error {
	out, err := os.Create(target)
	if err != nil {
		return fmt.Errorf("making the package: %w", err)
	}
	defer out.Close()
	archive := zip.NewWriter(out)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return add(archive, folder, path)
	})
	if err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	err = archive.Close()
	if err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	return out.Close()
}

func add(archive *zip.Writer, folder, path string) error {
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return err
	}
	// The zip format begins in 1980; any fixed instant would do.
	header := &zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	mode := fs.FileMode(0o644)
	if name == assemble.Executable {
		mode = 0o755
	}
	header.SetMode(mode)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(entry, file)
	return err
}

func report(folder, target string) error {
	binary, err := os.Stat(filepath.Join(folder, assemble.Executable))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n  sha256  %x\n  package %.1f MB, binary %.1f MB\n", target, sha256.Sum256(text),
		float64(len(text))/1e6, float64(binary.Size())/1e6)
	return nil
}
