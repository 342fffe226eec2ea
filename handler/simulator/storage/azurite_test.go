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
	"slices"
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
	must(t, started.answers(t.Context(), endpoint))
	started.Close()
	started.Close()
	if started.answers(context.Background(), endpoint) == nil {
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

// A query that names its partition goes by the emulator's index and finds what the same
// query finds that has to look at every row.
func TestQueriesOfAPartition(t *testing.T) {
	t.Parallel()
	wire := startWire(t, WireOptions{})
	tables(t, wire, "rows")
	service, err := aztables.NewServiceClientFromConnectionString(wire.HostConnectionString(), nil)
	must(t, err)
	rows := service.NewClient("rows")
	for _, partition := range []string{"a", "b", "it''s", "a or b"} {
		for _, key := range []string{"1", "2", "3"} {
			entity, err := json.Marshal(map[string]string{"PartitionKey": strings.ReplaceAll(partition, "''", "'"), "RowKey": key})
			must(t, err)
			_, err = rows.AddEntity(t.Context(), entity, nil)
			must(t, err)
		}
		for _, rest := range []string{"", " and RowKey lt '3'", " and (RowKey lt '2' or RowKey ge '3')", " and RowKey ge '9'", " or RowKey eq '2'", " and RowKey eq '1' or RowKey eq '3'"} {
			plain, whole := "PartitionKey eq '"+partition+"'"+rest, "(PartitionKey eq '"+partition+"')"+rest
			got, want := keysFound(t, rows, plain), keysFound(t, rows, whole)
			if !slices.Equal(got, want) {
				t.Errorf("%s found %v and not %v", plain, got, want)
			}
			if rest == "" && len(got) != 3 {
				t.Errorf("%s found %v", plain, got)
			}
		}
	}
}

// keysFound follows every page of two rows.
func keysFound(t *testing.T, rows *aztables.Client, filter string) []string {
	t.Helper()
	var found []string
	top := int32(2)
	for pager := rows.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter, Top: &top}); pager.More(); {
		page, err := pager.NextPage(t.Context())
		must(t, err)
		for _, data := range page.Entities {
			var row struct{ PartitionKey, RowKey string }
			must(t, json.Unmarshal(data, &row))
			found = append(found, row.PartitionKey+" "+row.RowKey)
		}
	}
	return found
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
