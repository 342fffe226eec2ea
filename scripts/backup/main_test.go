package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailgrant/handler/simulator/storage"
)

func settings(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	azurite, err := storage.StartAzurite(t.Context(), filepath.Join("..", "azurite"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer azurite.Close()
	account := settings(map[string]string{"GrantStorage": azurite.Account(0).ConnectionString()})
	file := filepath.Join(t.TempDir(), "copy.jsonl")
	var out bytes.Buffer
	err = run(t.Context(), []string{"save", file}, account, &out)
	if err != nil || !strings.Contains(out.String(), "0 rows") {
		t.Fatalf("%v: %s", err, &out)
	}
	err = run(t.Context(), []string{"load", file}, account, &out)
	if err != nil || !strings.Contains(out.String(), "POST /api/restored") {
		t.Errorf("%v: %s", err, &out)
	}
	// The last good copy is not written over.
	err = run(t.Context(), []string{"save", file}, account, &out)
	if err == nil {
		t.Error("a file was written over")
	}
	kept, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(kept), `"end":0`) {
		t.Errorf("the file that was there is gone: %v %s", err, kept)
	}
}

func TestWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	dead := settings(map[string]string{"GrantStorage": "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a"})
	file := filepath.Join(t.TempDir(), "copy.jsonl")
	for _, test := range []struct {
		name      string
		arguments []string
		lookup    func(string) string
		want      string
	}{
		{"no account", []string{"save", file}, settings(nil), "GrantStorage__tableServiceUri"},
		{"two accounts", []string{"save", file}, settings(map[string]string{"GrantStorage": "x", "GrantStorage__tableServiceUri": "https://y"}), "one of"},
		{"no such verb", []string{"drop", file}, dead, "usage"},
		{"no file", []string{"load", file}, dead, "opening the file"},
		{"nothing", nil, dead, "usage"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), test.arguments, test.lookup, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
