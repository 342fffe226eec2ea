// Package session is what the commands for people share: it assembles the package,
// keeps the whole stack up while a command uses it, and speaks to it as its callers
// do, over HTTP and nothing else.
//
// It must not decide what a command shows or checks, and it reads answers by types
// of its own: a command that used the product's types could not see that the product
// sends something else than its contract says.
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/scripts/assemble"
)

// Options says what a session runs on.
type Options struct {
	// Root is the repository's folder, as Root finds it.
	Root string
	// Package is the assembled folder, as Assemble makes it.
	Package string
	// Directory is the tenant's directory as JSON; nil means the sample.
	Directory io.Reader
	// Document is the operator's document; empty means the stack's own.
	Document string
	// RealTime must be true exactly for a package that was not built for the shared
	// clock.
	RealTime bool
	// Timers lets timers fire by their schedules.
	Timers bool
	// Port is the port to serve on, 0 for a free one.
	Port int
	// Log gets the lines of host and handler; nil drops them.
	Log io.Writer
}

// Session is a running stack with its storage emulator and its scratch folder.
type Session struct {
	*stack.Stack
	// Scratch is a folder that goes with the session.
	Scratch string
	azurite *storage.Azurite
	end     context.CancelFunc
}

// Start starts everything and returns when the handler answers. ctx bounds the start
// only: whoever started a session has to close it. After an error nothing is left.
func Start(ctx context.Context, options Options) (*Session, error) {
	s := &Session{}
	err := s.start(ctx, options)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Session) start(ctx context.Context, options Options) error {
	var err error
	s.Scratch, err = os.MkdirTemp("", "mailgrant-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	s.azurite, err = storage.StartAzurite(ctx, filepath.Join(options.Root, "scripts", "azurite"), 1)
	if err != nil {
		return err
	}
	// An interruption has to end the start, but not the running stack: its parts
	// are ended by Close, the handler before what it talks to.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	settled := context.AfterFunc(ctx, end)
	defer settled()
	s.Stack, err = stack.Start(life, stack.Options{Package: options.Package, Account: s.azurite.Account(0), Scratch: s.Scratch,
		Document: options.Document, Directory: options.Directory, RealTime: options.RealTime, Timers: options.Timers,
		Port: options.Port, Log: options.Log})
	if err != nil {
		return fmt.Errorf("starting the stack: %w", err)
	}
	return nil
}

// Close ends every process and removes the scratch folder. It may be called on a
// session of which only a part was started.
func (s *Session) Close() error {
	var errs []error
	if s.Stack != nil {
		errs = append(errs, s.Stack.Close())
	}
	if s.end != nil {
		s.end()
	}
	if s.azurite != nil {
		s.azurite.Close()
	}
	if s.Scratch != "" {
		errs = append(errs, os.RemoveAll(s.Scratch))
	}
	return errors.Join(errs...)
}

// Certificate is the file with the authority that whoever calls the tenant has to
// trust; the stack writes it into the scratch folder.
func (s *Session) Certificate() string { return filepath.Join(s.Scratch, "tenant.pem") }

// Root finds the repository's folder: the nearest one above the working folder that
// holds go.mod. The error says that there is none.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("finding the repository: no folder above the working folder holds go.mod")
		}
		folder = above
	}
}

// Assemble builds the handler and lays out the package in folder, which it empties
// first: a function that no longer exists must not be found there. Simulated builds
// for the shared clock; otherwise the result is what is shipped. It returns the
// folder as an absolute path, for Options.
func Assemble(ctx context.Context, root, folder string, simulated bool) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("placing the package: %w", err)
	}
	err = os.RemoveAll(folder)
	if err != nil {
		return "", fmt.Errorf("clearing the package folder: %w", err)
	}
	return folder, assemble.Folder(ctx, folder, assemble.Build{Root: root, Simulated: simulated})
}
