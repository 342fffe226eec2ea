package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadDocumentSaysWhyItIsOfNoUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"faults", "canaries: []\nmore: 1\n", []string{"line 1, column 11", "line 2, column 1", "nothing of this name"}},
		{"too large", strings.Repeat("#", 300<<10), []string{"are allowed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "mailgrant.yaml")
			err := os.WriteFile(path, []byte(test.text), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			_, err = readDocument(path)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}

func TestReadDocumentTellsNoPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret-name.yaml")
	_, err := readDocument(path)
	if err == nil || strings.Contains(err.Error(), "secret-name") || !strings.Contains(err.Error(), "MAILGRANT_CONFIG") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestReadDocumentReadsAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mailgrant.yaml")
	for _, canary := range []string{"ceo@contoso.example", "cfo@contoso.example"} {
		err := os.WriteFile(path, []byte("canaries: ["+canary+"]"), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		document, err := readDocument(path)
		if err != nil || len(document.Canaries) != 1 || document.Canaries[0] != canary {
			t.Errorf("got %+v, %v; want %s", document, err, canary)
		}
	}
}
