module stwlab/peer

go 1.19
