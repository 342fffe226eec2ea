package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"mailgrant/handler/policy"
)

// readDocument reads and checks the operator's document anew, so that a change
// counts from the next call on. The error says why the document is of no use, all
// faults at once; it is shown to anybody who asks for health, so it holds no path.
func readDocument(path string) (policy.Document, error) {
	text, err := readBounded(path)
	if err != nil {
		return policy.Document{}, fmt.Errorf("the file that MAILGRANT_CONFIG names cannot be read: %w", withoutPath(err))
	}
	document, faults := policy.Parse(text)
	if len(faults) == 0 {
		return document, nil
	}
	lines := make([]string, 0, len(faults))
	for _, fault := range faults {
		lines = append(lines, fault.String())
	}
	return policy.Document{}, errors.New("the operator's document has faults: " + strings.Join(lines, "; "))
}

// readBounded reads one byte more than a document may have, and leaves it to the
// parser to say that this is too much.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, policy.MaxSize+1))
	return text, errors.Join(err, file.Close())
}

func withoutPath(err error) error {
	var typed *fs.PathError
	if errors.As(err, &typed) {
		return typed.Err
	}
	return err
}
