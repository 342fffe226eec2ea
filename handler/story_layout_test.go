package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailgrant/handler/store"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/rogpeppe/go-internal/testscript"
)

// layout newer GRANT makes the ledger's rows of that grant, and the lease of its workload,
// look as if a later release had written them, and keeps their versions. layout kept says
// that nobody has written them since. layout present GRANT says that all rows of the grant's
// workload bear the layout of this release.
func cmdLayout(s *story, ts *testscript.TestScript, args []string) error {
	ctx := context.Background()
	switch args[0] {
	case "newer":
		return s.makeNewer(ctx, args[1])
	case "kept":
		return s.newerKept(ctx)
	case "present":
		return s.presentLayout(ctx, args[1])
	}
	return fmt.Errorf("layout does not know %q", args[0])
}

func (s *story) makeNewer(ctx context.Context, id string) error {
	rows, err := store.Open(store.Options{ConnectionString: s.ledger.ConnectionString()})
	if err != nil {
		return err
	}
	claim, err := rows.ReadClaim(ctx, id)
	if err != nil {
		return err
	}
	s.newer = map[place]azcore.ETag{}
	return s.eachRow(ctx, func(client *aztables.Client, row aztables.Entity) error {
		if row.PartitionKey != claim.Workload || row.RowKey != "lease" && !strings.Contains(row.RowKey, id) {
			return nil
		}
		row.Timestamp = aztables.EDMDateTime{}
		text := fmt.Sprintf(`{"PartitionKey":%q,"RowKey":%q,"schema":%d}`, row.PartitionKey, row.RowKey, store.Schema+1)
		changed, err := client.UpdateEntity(ctx, []byte(text), &aztables.UpdateEntityOptions{UpdateMode: aztables.UpdateModeMerge})
		if err == nil {
			s.newer[place{client, row.PartitionKey, row.RowKey}] = changed.ETag
		}
		return err
	})
}

// place is where a row is.
type place struct {
	client         *aztables.Client
	partition, row string
}

func (s *story) newerKept(ctx context.Context) error {
	if len(s.newer) < 3 {
		return fmt.Errorf("only %d rows were made newer", len(s.newer))
	}
	for at, version := range s.newer {
		found, err := at.client.GetEntity(ctx, at.partition, at.row, nil)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", at.partition, at.row, err)
		}
		if found.ETag != version {
			return fmt.Errorf("%s/%s was written: %s", at.partition, at.row, found.Value)
		}
	}
	return nil
}

func (s *story) presentLayout(ctx context.Context, id string) error {
	var found int
	err := s.eachRow(ctx, func(client *aztables.Client, row aztables.Entity) error {
		if !strings.Contains(row.RowKey, id) {
			return nil
		}
		read, err := client.GetEntity(ctx, row.PartitionKey, row.RowKey, nil)
		if err != nil {
			return err
		}
		found++
		if !strings.Contains(string(read.Value), fmt.Sprintf(`"schema":%d`, store.Schema)) {
			return fmt.Errorf("%s/%s has another layout: %s", row.PartitionKey, row.RowKey, read.Value)
		}
		return nil
	})
	if err == nil && found == 0 {
		err = errors.New("the grant has no rows")
	}
	return err
}
