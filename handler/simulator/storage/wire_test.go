package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// accounts hands each test an account of its own.
var (
	emulator *Azurite
	taken    atomic.Int32
)

const accounts = 512

func TestMain(m *testing.M) {
	started, err := StartAzurite(context.Background(), filepath.Join("..", "..", "..", "scripts", "azurite"), accounts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	emulator = started
	code := m.Run()
	emulator.Close()
	os.Exit(code)
}

// clock is a shared clock that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func startWire(t *testing.T, options WireOptions) *Wire {
	t.Helper()
	wire, err := StartWire(t.Context(), emulator.Account(int(taken.Add(1)-1)), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := wire.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return wire
}

// once keeps the clients from repeating anything, so that tests see single
// requests.
var once = policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}

func tables(t *testing.T, wire *Wire, name string) *aztables.Client {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(wire.ConnectionString(), &aztables.ClientOptions{ClientOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	_, err = service.CreateTable(t.Context(), name, nil)
	if err != nil {
		t.Fatalf("creating a table through the wire: %v", err)
	}
	return service.NewClient(name)
}

func queue(t *testing.T, connection, name string) *azqueue.QueueClient {
	t.Helper()
	client, err := azqueue.NewQueueClientFromConnectionString(connection, name, &azqueue.ClientOptions{ClientOptions: once})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Create(t.Context(), nil)
	if err != nil {
		t.Fatalf("creating a queue through the wire: %v", err)
	}
	return client
}

func row(key string) []byte {
	return []byte(`{"PartitionKey":"p q é","RowKey":"` + key + `","Value":1}`)
}

func names(requests []Request) []string {
	all := make([]string, len(requests))
	for i, request := range requests {
		all[i] = request.Name
	}
	return all
}

func TestNamesOfTableRequests(t *testing.T) {
	t.Parallel()
	wire := startWire(t, WireOptions{})
	client := tables(t, wire, "ledger")
	partition := "p"
	entity := []byte(`{"PartitionKey":"p","RowKey":"a' b|c","Value":1}`)
	other := []byte(`{"PartitionKey":"p","RowKey":"second","Value":1}`)
	_, err := client.AddEntity(t.Context(), entity, nil)
	must(t, err)
	any := azcore.ETagAny
	_, err = client.UpdateEntity(t.Context(), entity, &aztables.UpdateEntityOptions{IfMatch: &any, UpdateMode: aztables.UpdateModeMerge})
	must(t, err)
	_, err = client.UpsertEntity(t.Context(), entity, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	must(t, err)
	_, err = client.GetEntity(t.Context(), partition, "a' b|c", nil)
	must(t, err)
	_, err = client.NewListEntitiesPager(nil).NextPage(t.Context())
	must(t, err)
	_, err = client.SubmitTransaction(t.Context(), []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeInsertReplace, Entity: entity},
		{ActionType: aztables.TransactionTypeAdd, Entity: other},
	}, nil)
	must(t, err)
	_, err = client.DeleteEntity(t.Context(), partition, "second", nil)
	must(t, err)
	want := []string{"table ledger create", "table ledger insert", "table ledger update", "table ledger upsert",
		"table ledger get", "table ledger query", "table ledger batch", "table ledger delete"}
	requests := wire.Requests()
	if !slices.Equal(names(requests), want) {
		t.Errorf("requests\n %q, want\n %q", names(requests), want)
	}
	for _, request := range requests {
		reads := request.Name == "table ledger get" || request.Name == "table ledger query"
		if request.Write == reads || request.Status < 200 || request.Status > 299 || request.End.Before(request.Start) {
			t.Errorf("recorded %+v", request)
		}
	}
}

func TestNamesOfQueueRequests(t *testing.T) {
	t.Parallel()
	wire := startWire(t, WireOptions{})
	client := queue(t, wire.ConnectionString(), "apply")
	_, err := client.EnqueueMessage(t.Context(), "a <b> & c", nil)
	must(t, err)
	_, err = client.PeekMessages(t.Context(), nil)
	must(t, err)
	got, err := client.DequeueMessages(t.Context(), nil)
	must(t, err)
	if len(got.Messages) != 1 || *got.Messages[0].MessageText != "a <b> & c" {
		t.Fatalf("got %d messages", len(got.Messages))
	}
	updated, err := client.UpdateMessage(t.Context(), *got.Messages[0].MessageID, *got.Messages[0].PopReceipt, "again", nil)
	must(t, err)
	_, err = client.DeleteMessage(t.Context(), *got.Messages[0].MessageID, *updated.PopReceipt, nil)
	must(t, err)
	want := []string{"queue apply create", "queue apply put", "queue apply peek", "queue apply get", "queue apply update", "queue apply delete"}
	if !slices.Equal(names(wire.Requests()), want) {
		t.Errorf("requests %q, want %q", names(wire.Requests()), want)
	}
	wire.ResetRequests()
	queue(t, wire.HostConnectionString(), "apply")
	if len(wire.Requests()) != 0 {
		t.Errorf("the platform's requests are counted: %q", names(wire.Requests()))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault   string
		status  int // 0: no answer
		present bool
	}{
		{FaultLostBefore, 0, false},
		{FaultLostAfter, 0, true},
		{FaultUnavailable, 503, false},
		{FaultDown, 0, false},
		{FaultLatency, 204, true},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			wire := startWire(t, WireOptions{Seed: 1})
			client := tables(t, wire, "ids")
			wire.ResetRequests()
			wire.Fault(Fault{Name: test.fault, Match: "table ids insert", Times: 1, Delay: 40 * time.Millisecond})
			_, err := client.AddEntity(t.Context(), row("one"), nil)
			refused := new(azcore.ResponseError)
			errors.As(err, &refused)
			if (test.status == 204) != (err == nil) || (test.status == 503) != (refused.StatusCode == 503) {
				t.Errorf("the client saw %v", err)
			}
			seen := wire.Requests()[0]
			if seen.Status != test.status && !(test.status == 204 && seen.Status == 201) {
				t.Errorf("recorded %+v", seen)
			}
			if test.fault == FaultLatency && seen.End.Sub(seen.Start) < 30*time.Millisecond {
				t.Errorf("took %v", seen.End.Sub(seen.Start))
			}
			wire.ClearFaults()
			_, err = client.AddEntity(t.Context(), row("one"), nil)
			if (err != nil) != test.present {
				t.Errorf("a second insert after the fault: %v", err)
			}
		})
	}
}

func TestFaultCounts(t *testing.T) {
	t.Parallel()
	wire := startWire(t, WireOptions{})
	client := tables(t, wire, "ids")
	wire.Fault(Fault{Name: FaultUnavailable, Match: "table ids", Writes: true, After: 1, Times: 2})
	var outcomes []bool
	for i := range 5 {
		_, err := client.AddEntity(t.Context(), row(fmt.Sprint(i)), nil)
		outcomes = append(outcomes, err == nil)
		_, err = client.NewListEntitiesPager(nil).NextPage(t.Context())
		if err != nil {
			t.Errorf("a read was spoiled by a fault on writes: %v", err)
		}
	}
	if !slices.Equal(outcomes, []bool{true, false, false, true, true}) {
		t.Errorf("outcomes %v", outcomes)
	}
}

func TestWriteHook(t *testing.T) {
	t.Parallel()
	wire := startWire(t, WireOptions{})
	client := tables(t, wire, "ids")
	var mu sync.Mutex
	var seen []string
	wire.SetWriteHook(func(write Write) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%d %s %s %d", write.Number, write.Phase, write.What, write.Status))
		if write.Number == 2 && write.Phase == PhaseBefore || write.Number == 3 && write.Phase == PhaseAfter {
			write.Drop()
		}
	})
	_, err := client.AddEntity(t.Context(), row("one"), nil)
	must(t, err)
	_, _ = client.NewListEntitiesPager(nil).NextPage(t.Context())
	for _, key := range []string{"two", "three"} {
		_, err = client.AddEntity(t.Context(), row(key), nil)
		if err == nil {
			t.Errorf("insert of %s was answered although dropped", key)
		}
	}
	wire.SetWriteHook(nil)
	page, err := client.NewListEntitiesPager(nil).NextPage(t.Context())
	must(t, err)
	if len(page.Entities) != 2 {
		t.Errorf("%d rows, want one and three", len(page.Entities))
	}
	want := []string{"1 before table ids insert 0", "1 after table ids insert 201", "2 before table ids insert 0",
		"3 before table ids insert 0", "3 after table ids insert 201"}
	if !slices.Equal(seen, want) {
		t.Errorf("announced %q, want %q", seen, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
