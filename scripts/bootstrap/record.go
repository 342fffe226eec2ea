package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// The kinds of what is given.
const (
	kindAppRole       = "appRole"
	kindPointer       = "pointer"
	kindRoleGroup     = "roleGroup"
	kindMember        = "roleGroupMember"
	kindGroupRole     = "roleGroupRole"
	kindHandOn        = "roleGroupDelegation"
	kindDirectoryRole = "directoryRole"
)

// made is one thing that was given, or was about to be: it is written down before the call, when it is
// known to be absent, so that a lost answer cannot leave something that nobody takes back.
type made struct {
	Kind string `json:"kind"`
	// Name is the value of an app role with its resource, else the name of a role or a group.
	Name     string `json:"name"`
	Resource string `json:"resource,omitempty"`
	// Group is the role group's name, of what hangs on one.
	Group string `json:"group,omitempty"`
}

// record is what this installation's bootstrap has made in the tenant.
type record struct {
	file string
	// Identity is the object id that everything was given to.
	Identity string `json:"identity"`
	// Fallback is why the identity is an Exchange Administrator; empty when it is not.
	Fallback string `json:"fallback,omitempty"`
	Made     []made `json:"made"`
}

// readRecord returns an empty record where there is no file yet.
func readRecord(file, identity string) (*record, error) {
	found := &record{file: file, Identity: identity}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was made earlier: %w", err)
	}
	err = json.Unmarshal(text, found)
	if err != nil {
		return nil, fmt.Errorf("reading what was made earlier from %s: %w", file, err)
	}
	if found.Identity != identity {
		return nil, fmt.Errorf("%s is about the identity %s, not %s: name another file with -record", file, found.Identity, identity)
	}
	return found, nil
}

func (r *record) has(one made) bool { return slices.Contains(r.Made, one) }

func (r *record) add(one made) error {
	if !r.has(one) {
		r.Made = append(r.Made, one)
	}
	return r.write()
}

// drop forgets one thing, and all that went with a role group.
func (r *record) drop(one made) error {
	r.Made = slices.DeleteFunc(r.Made, func(each made) bool {
		return each == one || one.Kind == kindRoleGroup && each.Group == one.Name
	})
	return r.write()
}

// write replaces the file at once, so that a half-written one is never read; with nothing left in it
// there is no file.
func (r *record) write() error {
	if len(r.Made) == 0 {
		err := os.Remove(r.file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the record: %w", err)
		}
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing down what is made: %w", err)
	}
	const private = 0o600
	err = os.WriteFile(r.file+".new", append(text, '\n'), private)
	if err != nil {
		return fmt.Errorf("writing down what is made: %w", err)
	}
	err = os.Rename(r.file+".new", r.file)
	if err != nil {
		return fmt.Errorf("writing down what is made: %w", err)
	}
	return nil
}
