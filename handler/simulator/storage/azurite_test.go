package storage

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

var scripts = filepath.Join("..", "..", "..", "scripts", "azurite")

func TestAzuriteEndsWithClose(t *testing.T) {
	t.Parallel()
	started, err := StartAzurite(t.Context(), scripts, 1)
	must(t, err)
	endpoint := started.Account(0).TableEndpoint
	must(t, answers(t.Context(), endpoint))
	started.Close()
	started.Close()
	if answers(context.Background(), endpoint) == nil {
		t.Error("the emulator still answers")
	}
}

// A killed owner cannot call Close; its end of the pipe closes all the same.
func TestAzuriteEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	started, err := StartAzurite(t.Context(), scripts, 1)
	must(t, err)
	defer started.Close()
	must(t, started.stdin.Close())
	select {
	case <-started.exited:
	case <-time.After(30 * time.Second):
		t.Error("the emulator runs without its owner")
	}
}

func TestAzuriteCannotStart(t *testing.T) {
	t.Parallel()
	_, err := StartAzurite(t.Context(), t.TempDir(), 1)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("without modules: %v", err)
	}
	_, err = StartAzurite(t.Context(), scripts, 0)
	if err == nil {
		t.Error("started without an account")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = StartAzurite(ended, scripts, 1)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that had ended: %v", err)
	}
}

func TestAccountsAreSeparate(t *testing.T) {
	t.Parallel()
	one, other := startWire(t, WireOptions{}), startWire(t, WireOptions{})
	tables(t, one, "ids")
	service, err := aztables.NewServiceClientFromConnectionString(other.HostConnectionString(), nil)
	must(t, err)
	page, err := service.NewListTablesPager(nil).NextPage(t.Context())
	must(t, err)
	if len(page.Tables) != 0 {
		t.Errorf("the other account has %d tables", len(page.Tables))
	}
}

// The lock file must install from whatever registry a machine uses.
func TestLockFile(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(scripts, "package-lock.json"))
	must(t, err)
	var lock struct {
		Packages map[string]map[string]any
	}
	must(t, json.Unmarshal(content, &lock))
	if got := lock.Packages["node_modules/azurite"]["version"]; got != "3.35.0" {
		t.Errorf("azurite %v is locked", got)
	}
	for name, entry := range lock.Packages {
		if entry["resolved"] != nil || name != "" && entry["integrity"] == nil {
			t.Errorf("%s names an address or lacks its checksum", name)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add("POST", "/a/$batch", "POST http://127.0.0.1:1/a/ledger(PartitionKey='p',RowKey='a/b') HTTP/1.1\r\n")
	f.Add("POST", "/a/Tables", `{"TableName":"ids"}`)
	f.Add("DELETE", "/a/Tables('ids')", "")
	f.Add("PUT", "/a/apply/messages/7?visibilitytimeout=0", "")
	f.Add("GET", "/a/%zz", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		if !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n\t") {
			return
		}
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Method, request.RequestURI = method, target
		for _, service := range []string{serviceTable, serviceQueue, serviceBlob} {
			got := describe(service, request, []byte(body))
			if got.write == (method == "GET" || method == "HEAD" || method == "OPTIONS") {
				t.Errorf("%s %s counts as write: %v", method, target, got.write)
			}
			if !strings.HasPrefix(got.name(), service) {
				t.Errorf("%s %s is called %q", method, target, got.name())
			}
		}
	})
}
