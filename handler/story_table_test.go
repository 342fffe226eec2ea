package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"mailgrant/handler/store"

	"github.com/rogpeppe/go-internal/testscript"
)

// moveend OFFSET [TICKET] writes another end into the rows of the active grants, or of
// those with that ticket: the present time and the offset. Nothing is written into
// their history, as when somebody edits the table by hand.
func cmdMoveEnd(s *story, ts *testscript.TestScript, args []string) error {
	offset, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	page, err := s.list(ts, "active")
	if err != nil {
		return err
	}
	rows, err := store.Open(store.Options{ConnectionString: s.ledger.ConnectionString()})
	if err != nil {
		return err
	}
	moved := 0
	for _, one := range page.Grants {
		if len(args) > 1 && one.Ticket.ID != args[1] {
			continue
		}
		moved++
		err := moveEnd(rows, one.Workload.ObjectID, "g|"+one.ID, s.stack.Tenant.Now().Add(offset))
		if err != nil {
			return err
		}
	}
	if moved == 0 {
		return fmt.Errorf("there is no active grant %s", strings.Join(args[1:], " "))
	}
	return nil
}

func moveEnd(rows *store.Store, workload, key string, end time.Time) error {
	ctx := context.Background()
	partition, err := rows.ReadPartition(ctx, workload)
	if err != nil {
		return err
	}
	for _, row := range partition.Rows {
		if row.Key != key {
			continue
		}
		var members map[string]any
		err := json.Unmarshal(row.Document, &members)
		if err != nil {
			return err
		}
		members["expiresAt"] = end.UTC().Format(time.RFC3339)
		row.Document, err = json.Marshal(members)
		if err != nil {
			return err
		}
		_, err = rows.Commit(ctx, workload, partition.Lease, partition.Lease, []store.Change{{Action: store.Upsert, Row: row}})
		return err
	}
	return fmt.Errorf("there is no row %s", key)
}
