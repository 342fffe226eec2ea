// Package assemble lays out what the Functions host gets: host.json, one folder a
// function, and the executable. The same folder is zipped for deployment and run by
// demonstrations and tests, so that what is tried is what is shipped.
package assemble

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"mailgrant/functions"
)

// Build says how the executable is built.
type Build struct {
	// Root is the repository's folder.
	Root string
	// Simulated builds for the shared clock; such a package says so in its log and
	// is never the one that is shipped.
	Simulated bool
	// Race builds with the race detector, for tests.
	Race bool
}

// Executable is the file name of the handler in the package.
const Executable = "mailgrant"

// Folder assembles the package in folder, which is made if it is missing.
func Folder(ctx context.Context, folder string, build Build) error {
	err := os.MkdirAll(folder, 0o755)
	if err != nil {
		return fmt.Errorf("making the package folder: %w", err)
	}
	err = declarations(folder)
	if err != nil {
		return err
	}
	host, err := os.ReadFile(filepath.Join(build.Root, "host.json"))
	if err != nil {
		return fmt.Errorf("reading the host's settings: %w", err)
	}
	err = os.WriteFile(filepath.Join(folder, "host.json"), host, 0o644)
	if err != nil {
		return fmt.Errorf("writing the host's settings: %w", err)
	}
	return build.compile(ctx, folder)
}

// declarations lifts every function's folder to the package's root, where the host
// looks for it.
func declarations(folder string) error {
	return fs.WalkDir(functions.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := functions.Files.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(folder, filepath.FromSlash(path))
		err = os.MkdirAll(filepath.Dir(target), 0o755)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

func (b Build) compile(ctx context.Context, folder string) error {
	arguments := []string{"build", "-buildvcs=false", "-o", filepath.Join(folder, Executable)}
	if b.Simulated {
		arguments = append(arguments, "-tags=simulated")
	}
	// Static, so that it runs on whatever the platform's image holds, and without the
	// builder's paths, so that it is the same wherever it is built. The race detector
	// needs cgo, and shares what the tests have compiled already.
	cgo := "CGO_ENABLED=0"
	if b.Race {
		arguments = append(arguments, "-race")
		cgo = "CGO_ENABLED=1"
	} else {
		arguments = append(arguments, "-trimpath", "-ldflags=-s -w -buildid=")
	}
	command := exec.CommandContext(ctx, "go", append(arguments, "./handler")...)
	command.Dir = b.Root
	command.Env = append(os.Environ(), cgo)
	if !b.Simulated {
		// What is shipped runs on the platform's Linux, wherever it was built.
		command.Env = append(command.Env, "GOOS=linux", "GOARCH=amd64")
	}
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the handler: %w\n%s", err, out)
	}
	return nil
}
