package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// A fleet are ports that stand open while others are measured. They are sagas like any other, with all that the ledger has of
// them, and wait in real time until people may decide on them, for days: while a bench runs, no clock of theirs ends.

// Fleet is what ports cost beside so many that stand open.
type Fleet struct {
	Open      int      `json:"open"`
	Ours      Figures  `json:"ours"`
	Bare      *Figures `json:"bare,omitempty"`
	Reference *Figures `json:"reference,omitempty"`
	Cost      float64  `json:"cpu_seconds"`           // of a port of ours, of all processes
	ToFirst   float64  `json:"to_first"`              // of the cost: beside this fleet to beside the smallest; 1 is flat
	BareCost  float64  `json:"bare_cpu_seconds"`      // of a bare workflow
	BareFirst float64  `json:"bare_to_first"`         // the same of its cost
	EngineDB  int64    `json:"engine_database_bytes"` // of everything
	LedgerDB  int64    `json:"ledger_database_bytes"`
}

// besideFleets measures subjects beside fleets of the sizes that are asked for, one after the other. The figures are those beside
// the last; where a fleet cannot be opened, those beside the earlier ones are told.
func (s *stack) besideFleets(ctx context.Context, subjects []*subject) (last []Figures, fleets []Fleet, err error) {
	sizes := slices.Sorted(slices.Values(s.options.Open))
	if len(sizes) == 0 {
		last, err = s.inTurn(ctx, subjects)
		return last, nil, errors.Join(err, s.remember(subjects[0].done))
	}
	for _, size := range sizes {
		if err := s.grow(ctx, size); err != nil {
			return nil, fleets, err
		}
		last, err = s.inTurn(ctx, subjects)
		if err = errors.Join(err, s.remember(subjects[0].done)); err != nil {
			return nil, fleets, err
		}
		fleet, err := s.fleetOf(ctx, size, last)
		if err != nil {
			return nil, fleets, err
		}
		fleet.compare(append(fleets, fleet)[0])
		fleets = append(fleets, fleet)
	}
	return last, fleets, nil
}

func (s *stack) fleetOf(ctx context.Context, size int, figures []Figures) (f Fleet, err error) {
	stored, err := s.options.stored(ctx)
	f = Fleet{Open: size, Ours: figures[0], Cost: median(figures[0].cpuByRound), EngineDB: stored.engine, LedgerDB: stored.ledger}
	if len(figures) > 1 {
		f.Bare, f.BareCost = &figures[1], median(figures[1].cpuByRound)
	}
	if len(figures) > 2 {
		f.Reference = &figures[2]
	}
	return f, err
}

func (f *Fleet) compare(first Fleet) {
	f.ToFirst = f.Cost / first.Cost
	if first.BareCost > 0 {
		f.BareFirst = f.BareCost / first.BareCost
	}
}

// kept is what a directory remembers of the benches that were in it: the next opens no port twice, and no number.
type kept struct {
	Open  int `json:"open"`  // ports that stand
	Begun int `json:"begun"` // ports of fleets that were begun: an interrupted bench leaves some that nobody counts
	Done  int `json:"done"`  // ports that were measured
}

func (o Options) keptFile() string { return filepath.Join(o.Dir, "fleet.json") }

func (o Options) kept() (k kept, err error) {
	text, err := os.ReadFile(o.keptFile())
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	return k, err
}

func (o Options) keep(k kept) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.WriteFile(o.keptFile(), text, 0o600)
}

// remember keeps how many ports were measured.
func (s *stack) remember(done int) error {
	k, err := s.options.kept()
	if err != nil {
		return err
	}
	k.Done = done
	return s.options.keep(k)
}

// fleetBatch is how many ports of a fleet are opened before it is written down that they are.
const fleetBatch = 500

// grow opens ports until so many stand.
func (s *stack) grow(ctx context.Context, size int) error {
	k, err := s.options.kept()
	for err == nil && k.Open < size {
		n := min(fleetBatch, size-k.Open)
		first := k.Begun
		k.Begun += n
		if err = s.options.keep(k); err != nil {
			break
		}
		err = s.atOnce(ctx, n, func(ctx context.Context, i int) error { return s.openStanding(ctx, first+i) })
		if err != nil {
			return fmt.Errorf("open a fleet: %w", err)
		}
		k.Open += n
		err = s.options.keep(k)
		s.options.Tell("open a fleet", k.Open, size)
	}
	return err
}

func (s *stack) openStanding(ctx context.Context, i int) error {
	order, err := s.options.standingOrder(i)
	if err != nil {
		return err
	}
	_, err = s.openIdle(ctx, order)
	return err
}

// openIdle opens a port in real time and follows it until people may decide on it.
func (s *stack) openIdle(ctx context.Context, order porting.Order) (id string, err error) {
	id = porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
	t := s.watch.follow(id)
	defer s.watch.forget(t)
	if _, err := s.standing.Start(ctx, order); err != nil {
		return id, err
	}
	return id, t.await(ctx, string(porting.Verifying))
}

// standingOrder has nothing in common with another order: who asks for a port is asked for by nobody else.
func (o Options) standingOrder(i int) (porting.Order, error) {
	order, err := o.order("fleet", 0)
	if err != nil {
		return order, err
	}
	number, err := standingNumber(i)
	order.Reference, order.Numbers = fmt.Sprint("FLEET-", i), []porting.Number{number}
	order.Recipient = porting.Party{Name: fmt.Sprint("Fleet Voice ", i/ofOneRecipient), SPID: fmt.Sprintf("%04d", 5000+i/ofOneRecipient)}
	order.Account.Number = fmt.Sprintf("901-%06d", i)
	order.Subscriber.Contact.Email = fmt.Sprintf("office-%d@stores.example", i)
	order.Subscriber.Address.Street = fmt.Sprint(i+1, " Sample Street")
	order.Authorization.SignedBy = fmt.Sprint("Robin Sample ", i)
	return order, err
}

// standingNumber is a number of a fleet. Ports that are measured have the first numbers for fiction of each area code, a fleet those
// from 555-0150 on. There are fewer than large fleets have ports: beyond 555-0199 they are no numbers for fiction, but those beside
// them, which no carrier gives to anybody. No carrier is asked for them.
func standingNumber(i int) (porting.Number, error) {
	codes, err := areaCodes()
	if err != nil {
		return "", err
	}
	const first, last = 150, 999
	code, line := codes[i%len(codes)], first+i/len(codes)
	if line > last {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "bench-too-large", Op: "run bench", Detail: fmt.Sprintf("a fleet has %d numbers", (last-first+1)*len(codes)),
			Next: "ask for a smaller one",
		}
	}
	return porting.Number(fmt.Sprintf("+1%s5550%03d", code, line)), nil
}

// fleetRows are a table of fleets.
func fleetRows(fleets []Fleet) (rows [][]string) {
	for _, f := range fleets {
		row := []string{
			fmt.Sprint(f.Open), fmt.Sprintf("%.1f", f.Ours.PerSecond), fmt.Sprintf("%.1f", f.Cost*1000), fmt.Sprintf("%.2f", f.ToFirst),
			"", "", fmt.Sprint(f.EngineDB >> 20), fmt.Sprint(f.LedgerDB >> 20), fmt.Sprint(f.Ours.WorkerRSS >> 20), fmt.Sprint(f.Ours.EngineRSS >> 20),
		}
		if f.Bare != nil {
			row[4], row[5] = fmt.Sprintf("%.1f", f.BareCost*1000), fmt.Sprintf("%.2f", f.BareFirst)
		}
		rows = append(rows, row)
	}
	return rows
}

var fleetHeads = strings.Split("OPEN,PORTS/S,CPU MS,TO FIRST,CPU MS BARE,TO FIRST,DB MB ENGINE,DB MB LEDGER,RSS MB WORKER,RSS MB ENGINE", ",")
