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
// that nobody has written them since. layout known makes
// them rows of this release again, which stands for a release that can read them: only the
// one that runs can be asked for its findings. layout present GRANT says that all rows of the grant's
// workload bear the layout of this release.
func cmdLayout(s *story, ts *testscript.TestScript, args []string) error {
	ctx := context.Background()
	switch args[0] {
	case "newer":
		return s.makeNewer(ctx, args[1])
	case "kept":
		return s.newerKept(ctx)
	case "known":
		return s.makeKnown(ctx)
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
		at := place{client, row.PartitionKey, row.RowKey}
		var err error
		s.newer[at], err = at.writeSchema(ctx, store.Schema+1)
		return err
	})
}

// writeSchema changes the layout that a row says it has, and nothing else of it.
func (p place) writeSchema(ctx context.Context, schema int) (azcore.ETag, error) {
	text := fmt.Sprintf(`{"PartitionKey":%q,"RowKey":%q,"schema":%d}`, p.partition, p.row, schema)
	changed, err := p.client.UpdateEntity(ctx, []byte(text), &aztables.UpdateEntityOptions{UpdateMode: aztables.UpdateModeMerge})
	return changed.ETag, err
}

func (s *story) makeKnown(ctx context.Context) error {
	for at := range s.newer {
		_, err := at.writeSchema(ctx, store.Schema)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", at.partition, at.row, err)
		}
	}
	return nil
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
